// Names of what this server makes: answers, calls, files.
#pragma once

#include <string>
#include <string_view>

namespace facet::server {

// prefix and 24 letters and digits from the system's source of randomness: cannot be guessed.
std::string new_id(std::string_view prefix);

}  // namespace facet::server
