// Joins lines into messages: a line that ends in a backslash goes on in the next, and """ opens and closes a block.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace facet::apps::chat {

// The next line without its line break; nothing at the end of input. `more`: it continues a message.
using ReadLine = std::function<std::optional<std::string>(bool more)>;

// The next message that is not blank; nothing at the end of input. A block or continuation that the end of input cuts
// short counts as it is.
std::optional<std::string> read_message(const ReadLine& read_line);

}  // namespace facet::apps::chat
