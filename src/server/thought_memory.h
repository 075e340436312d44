// What models thought before they called functions, for clients that send calls back without it. Found by the
// client, the conversation up to the message and what it calls: clients change ids, and some leave thoughts out.
#pragma once

#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "server/request.h"

namespace facet::server {

// Thread-safe.
class ThoughtMemory {
 public:
  explicit ThoughtMemory(size_t max_bytes = size_t{16} << 20) : max_bytes_(max_bytes) {}

  // messages: prepared, those before the answer. calls: [{"name", "arguments"}].
  void remember(const std::string& client, const Json& messages, const Json& calls, const std::string& thought);
  // Puts thoughts where prepared messages with calls lack them, in the round that is going on.
  void restore(const std::string& client, Json& messages) const;

 private:
  struct Entry {
    std::string key, thought;
  };

  size_t max_bytes_;
  mutable std::mutex mutex_;
  size_t n_bytes_ = 0;
  std::list<Entry> entries_;  // newest first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
};

}  // namespace facet::server
