// The body of a tool call, between <|tool_call> and its end, read as leniently as models write it (spec
// chat 10.5, 10.6). Internal to text/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "text/call_syntax.h"
#include "text/chat.h"

namespace facet::text {

struct CallForm {
  bool is_json = false;         // the body is the arguments alone, as JSON has them
  bool keeps_repeated = false;  // keys that come again stand beside the earlier ones; otherwise the last value counts
};

struct CallBody {
  std::optional<std::string> name;  // none: the body is no call, or arguments alone
  ChatJson arguments = ChatJson::object();
  bool is_closed = false;       // the outer bracket is closed; what stands behind it does not count
  bool is_repaired = false;     // something was mended or passed over
  bool ends_in_string = false;  // a string between quote tokens is still open
  size_t end = 0;               // with is_closed: where the body ends
};
CallBody read_call(std::string_view body, const CallForm& form = {});

// The body as a reader would see it, quote tokens as ".
std::string spell_quotes(std::string_view body);

}  // namespace facet::text
