#include "server/dialects/stamps.h"

#include <fmt/chrono.h>

#include <chrono>

namespace facet::server {

int64_t unix_time() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string utc_time(int64_t seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

std::string utc_now() {
  using namespace std::chrono;
  const int64_t now = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
  std::string text = utc_time(now / 1'000'000);
  text.pop_back();
  return fmt::format("{}.{:06}Z", text, now % 1'000'000);
}

}  // namespace facet::server
