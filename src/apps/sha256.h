// Checksums as files state them.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace facet::apps {

// Whether this build can make them.
bool has_sha256() noexcept;

// 64 lower-case hexadecimal digits. Throws ResourceError in a build without OpenSSL.
std::string sha256(std::span<const std::byte> bytes);

}  // namespace facet::apps
