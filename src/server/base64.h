// Bytes as base64, with padding.
#pragma once

#include <string>
#include <string_view>

namespace facet::server {

std::string to_base64(std::string_view bytes);

}  // namespace facet::server
