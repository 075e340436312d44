// Times of the page: kept in milliseconds, told in seconds since 1970.
#pragma once

#include <chrono>
#include <cstdint>

namespace facet::server {

inline int64_t now_milliseconds() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

inline double seconds_of(int64_t milliseconds) { return static_cast<double>(milliseconds) / 1000; }

}  // namespace facet::server
