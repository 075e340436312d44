// Times as replies show them.
#pragma once

#include <cstdint>
#include <string>

namespace facet::server {

std::string utc_time(int64_t seconds);  // since 1970: "2026-11-27T07:12:02Z"
std::string utc_now();                  // "2026-11-27T07:12:02.123456Z"

}  // namespace facet::server
