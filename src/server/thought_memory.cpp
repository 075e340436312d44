#include "server/thought_memory.h"

#include <xxhash.h>

#include "server/messages.h"

namespace facet::server {
namespace {

class Fingerprint {
 public:
  Fingerprint() : state_(XXH3_createState()) { XXH3_128bits_reset(state_); }
  ~Fingerprint() { XXH3_freeState(state_); }
  Fingerprint(const Fingerprint&) = delete;
  Fingerprint& operator=(const Fingerprint&) = delete;

  void add(const std::string& text) {
    const uint64_t n = text.size();
    XXH3_128bits_update(state_, &n, sizeof n);
    XXH3_128bits_update(state_, text.data(), text.size());
  }
  std::string digest() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(state_);
    return std::string(reinterpret_cast<const char*>(&hash), sizeof hash);
  }

 private:
  XXH3_state_t* state_;
};

std::string json_key(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

// What clients give back unchanged: who spoke, what was said, and what was called; not ids, not thoughts.
void add_message(Fingerprint& fingerprint, const Json& message) {
  fingerprint.add(json_key(message.value("role", Json())));
  fingerprint.add(json_key(message.value("content", Json())));
  const Json calls = message.value("tool_calls", Json());
  if (!calls.is_array()) return;
  for (const Json& call : calls) {
    fingerprint.add(json_key(call["function"].value("name", Json())));
    fingerprint.add(text::chat_json_text(call["function"].value("arguments", Json())));
  }
}

std::string key_of_calls(const Fingerprint& before, const Json& calls) {
  Fingerprint key;
  key.add(before.digest());
  for (const Json& call : calls) {
    key.add(json_key(call.value("name", Json())));
    key.add(text::chat_json_text(call.value("arguments", Json())));
  }
  return key.digest();
}

bool has_reasoning(const Json& message) {
  for (const char* key : {"reasoning", "reasoning_content"})
    if (const auto found = message.find(key);
        found != message.end() && found->is_string() && !found->empty() && *found != "")
      return true;
  return false;
}

}  // namespace

// Of messages since the round began: what stands before it may be shortened or summarised meanwhile.
void ThoughtMemory::remember(const std::string& client, const Json& messages, const Json& calls,
                             const std::string& thought) {
  if (thought.empty() || thought.size() > max_bytes_ / 4) return;
  Fingerprint before;
  before.add(client);
  for (size_t i = round_begin(messages); i < messages.size(); ++i) add_message(before, messages[i]);
  const std::string key = key_of_calls(before, calls);
  const std::scoped_lock lock(mutex_);
  if (by_key_.contains(key)) return;
  entries_.push_front({key, thought});
  by_key_[key] = entries_.begin();
  n_bytes_ += key.size() + thought.size();
  while (n_bytes_ > max_bytes_) {
    n_bytes_ -= entries_.back().key.size() + entries_.back().thought.size();
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

void ThoughtMemory::restore(const std::string& client, Json& messages) const {
  Fingerprint before;
  before.add(client);
  const std::scoped_lock lock(mutex_);
  for (size_t i = round_begin(messages); i < messages.size(); ++i) {
    Json& message = messages[i];
    const Json calls = message.value("tool_calls", Json());
    if (calls.is_array() && !calls.empty() && !has_reasoning(message)) {
      Json called = Json::array();
      for (const Json& call : calls)
        called.push_back({{"name", call["function"]["name"]}, {"arguments", call["function"]["arguments"]}});
      if (const auto found = by_key_.find(key_of_calls(before, called)); found != by_key_.end())
        message["reasoning"] = found->second->thought;
    }
    add_message(before, message);
  }
}

}  // namespace facet::server
