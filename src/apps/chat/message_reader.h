// Joins lines into messages: a line that ends in a backslash goes on in the next, and """ opens and closes a block.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace facet::apps::chat {

// The next line without its line break; nothing at the end of input. `more`: it continues a message.
using ReadLine = std::function<std::optional<std::string>(bool more)>;

struct Message {
  std::string text;
  bool is_block = false;  // between fences: text, whatever it begins with
  bool operator==(const Message&) const = default;
};

// The next message that is not blank; nothing at the end of input. A block or continuation that the end of input cuts
// short counts as it is.
std::optional<Message> read_message(const ReadLine& read_line);

}  // namespace facet::apps::chat
