// Times, and as replies show them.
#pragma once

#include <cstdint>
#include <string>

namespace facet::server {

int64_t unix_time();                    // seconds since 1970
std::string utc_time(int64_t seconds);  // unix_time as "2026-11-27T07:12:02Z"
std::string utc_now();                  // "2026-11-27T07:12:02.123456Z"

}  // namespace facet::server
