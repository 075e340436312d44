// API keys: who may use the server, for what, and how often. Keys are compared by their SHA-256 in constant time; a
// file may hold the hashes alone.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "http/sha256.h"

namespace facet::http {

struct Key {
  std::string name;  // in logs and metrics
  Sha256 hash{};
  bool may_administrate = false;      // Scope::Admin, and all that others may
  std::vector<std::string> models;    // that it may ask for; empty: all
  std::vector<std::string> dialects;  // "openai", "ollama", "anthropic", "gemini"; empty: all
  int requests_per_minute = 0;        // 0: any number
};

class Keys {
 public:
  using Clock = std::chrono::steady_clock;

  void add(Key key);  // RequestError when its name or its hash is there already
  bool empty() const { return keys_.empty(); }
  // Null: none of them.
  std::shared_ptr<const Key> find(std::string_view credential) const;
  // Counts a request. Seconds until the key may be used again; 0: it may now. Thread-safe.
  double take_turn(const Key& key, Clock::time_point now = Clock::now());

 private:
  struct Bucket {
    double tokens;
    Clock::time_point filled;
  };
  std::vector<std::shared_ptr<const Key>> keys_;
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;  // by name
};

// [{"name": "laptop", "key": "..." or "sha256": "64 hexadecimal digits", "scopes": ["use", "admin"], "models": [...],
// "dialects": [...], "requests_per_minute": 60}, ...]. Only the name and the key must be there. RequestError that says
// which entry is wrong, and never what its key is.
std::vector<Key> parse_keys(std::string_view json, const std::string& file);

}  // namespace facet::http
