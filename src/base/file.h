// Whole files as text: small ones that are parsed at once. What is large is mapped (mapped_file.h).
#pragma once

#include <cstddef>
#include <string>

namespace facet {

// The bytes of a file that a user names. RequestError when it cannot be read, or has more than kMaxFileBytes: a device
// may have no end.
constexpr size_t kMaxFileBytes = size_t{512} << 20;
std::string read_file(const std::string& path);

// Puts a file in the place of the one that was there, whole or not at all; folders on the way are made. ResourceError
// when that cannot be done.
void replace_file(const std::string& path, const std::string& text);

}  // namespace facet
