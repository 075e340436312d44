// SHA-256: of API keys, and of what checks compare.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace facet::http {

using Sha256 = std::array<unsigned char, 32>;
Sha256 sha256(std::span<const std::byte> bytes);
inline Sha256 sha256(std::string_view text) { return sha256(std::as_bytes(std::span(text))); }
std::string hex_digits(const Sha256& hash);  // 64, in lower case

}  // namespace facet::http
