// Whole files as text: small ones that are parsed at once. What is large is mapped (mapped_file.h).
#pragma once

#include <string>

namespace facet {

// The bytes of a file that a user names. RequestError when it cannot be read.
std::string read_file(const std::string& path);

}  // namespace facet
