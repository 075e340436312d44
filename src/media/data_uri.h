// The text forms of bytes: base64 and percent-encoding.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace facet::media {

// Base64 in its usual and its URL alphabet, with or without padding; white space is skipped. name: for messages. Throws
// FormatError, which says where.
std::vector<std::byte> decode_base64(std::string_view text, const std::string& name);

// %XX becomes the byte XX, all else stays. Throws FormatError.
std::string decode_percent(std::string_view text, const std::string& name);

}  // namespace facet::media
