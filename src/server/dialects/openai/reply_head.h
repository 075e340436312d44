// What every reply of one answer bears.
#pragma once

#include <cstdint>
#include <string>

namespace facet::server {

struct ReplyHead {
  std::string id;
  int64_t created = 0;      // seconds since 1970
  std::string fingerprint;  // tells models apart
};

}  // namespace facet::server
