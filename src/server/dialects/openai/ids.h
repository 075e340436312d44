// Names and times of what this server makes: answers, calls, files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace facet::server {

// prefix and 24 letters and digits from the system's source of randomness: cannot be guessed.
std::string new_id(std::string_view prefix);
// Seconds since 1970.
int64_t unix_time();

// What every reply of one answer bears.
struct ReplyHead {
  std::string id;
  int64_t created = 0;
  std::string fingerprint;  // tells models apart
};

}  // namespace facet::server
