// The body of a tool call, between <|tool_call> and its end, read as leniently as models write it (spec
// chat 10.5, 10.6). Internal to text/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "text/chat.h"

namespace facet::text {

// Stands for the token <|"|> in a body: a byte that UTF-8 never has.
inline constexpr char kQuote = '\xff';

struct CallBody {
  std::optional<std::string> name;  // none: the body is no call
  ChatJson arguments = ChatJson::object();
  bool is_closed = false;       // the outer bracket is closed; what stands behind it does not count
  bool is_repaired = false;     // something was mended or passed over
  bool ends_in_string = false;  // a string between quote tokens is still open
  size_t end = 0;               // with is_closed: where the body ends
};
CallBody read_call(std::string_view body);

// The body as a reader would see it, quote tokens as ".
std::string spell_quotes(std::string_view body);

}  // namespace facet::text
