// Whole files as text: small ones that are parsed at once. What is large is mapped (mapped_file.h).
#pragma once

#include <cstddef>
#include <string>

namespace facet {

// The bytes of a file that a user names. RequestError when it cannot be read, or has more than kMaxFileBytes: a device
// may have no end.
constexpr size_t kMaxFileBytes = size_t{512} << 20;
std::string read_file(const std::string& path);

}  // namespace facet
