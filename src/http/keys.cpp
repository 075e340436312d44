#include "http/keys.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"

namespace facet::http {
namespace {

using KeyJson = nlohmann::json;

struct KeyPlace {
  const std::string& file;
  size_t entry;

  [[noreturn]] void refuse(std::string_view what) const {
    throw_error<RequestError>("{}: key {}: {}", file, entry, what);
  }
};

Sha256 parse_hash(const std::string& hex, const KeyPlace& place) {
  const bool is_hex = hex.size() == 64 && hex.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  if (!is_hex) place.refuse("\"sha256\" is not 64 hexadecimal digits");
  Sha256 hash;
  for (size_t i = 0; i < hash.size(); ++i)
    hash[i] = static_cast<unsigned char>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  return hash;
}

std::string key_string(const KeyJson& entry, const char* member, const KeyPlace& place) {
  const auto found = entry.find(member);
  if (found == entry.end()) return {};
  if (!found->is_string() || found->get_ref<const std::string&>().empty())
    place.refuse(fmt::format("\"{}\" is not a string with something in it", member));
  return found->get<std::string>();
}

std::vector<std::string> key_strings(const KeyJson& entry, const char* member, const KeyPlace& place) {
  std::vector<std::string> all;
  const auto found = entry.find(member);
  if (found == entry.end()) return all;
  const bool is_list = found->is_array() && !found->empty() &&
                       std::all_of(found->begin(), found->end(), [](const KeyJson& v) { return v.is_string(); });
  if (!is_list) place.refuse(fmt::format("\"{}\" is not a list of strings", member));
  for (const KeyJson& value : *found) all.push_back(value.get<std::string>());
  return all;
}

void refuse_others(const std::vector<std::string>& values, const std::set<std::string>& known, const char* member,
                   const KeyPlace& place) {
  for (const std::string& value : values)
    if (!known.count(value)) place.refuse(fmt::format("\"{}\" has \"{}\", which is none of its words", member, value));
}

void check_members(const KeyJson& entry, const KeyPlace& place) {
  static const std::set<std::string> known = {
      "name", "key", "sha256", "scopes", "models", "dialects", "requests_per_minute"};
  if (!entry.is_object()) place.refuse("not an object");
  for (const auto& member : entry.items())
    if (!known.count(member.key())) place.refuse(fmt::format("\"{}\" is not known here", member.key()));
}

Key parse_key(const KeyJson& entry, const KeyPlace& place) {
  check_members(entry, place);
  Key key;
  key.name = key_string(entry, "name", place);
  if (key.name.empty()) place.refuse("it has no \"name\"");
  const std::string secret = key_string(entry, "key", place), hash = key_string(entry, "sha256", place);
  if (secret.empty() == hash.empty()) place.refuse("it needs either \"key\" or \"sha256\"");
  key.hash = hash.empty() ? sha256(secret) : parse_hash(hash, place);
  const auto scopes = key_strings(entry, "scopes", place);
  refuse_others(scopes, {"use", "admin"}, "scopes", place);
  key.may_administrate = std::count(scopes.begin(), scopes.end(), "admin") > 0;
  key.models = key_strings(entry, "models", place);
  key.dialects = key_strings(entry, "dialects", place);
  refuse_others(key.dialects, {"openai", "ollama", "anthropic", "gemini"}, "dialects", place);
  if (const auto rate = entry.find("requests_per_minute"); rate != entry.end()) {
    const bool is_rate = rate->is_number_unsigned() && *rate >= 1u && *rate <= 1000000u;
    if (!is_rate) place.refuse("\"requests_per_minute\" is not a number from 1 to 1000000");
    key.requests_per_minute = rate->get<int>();
  }
  return key;
}

}  // namespace

void Keys::add(Key key) {
  for (const auto& other : keys_) {
    if (other->name == key.name)
      throw_error<RequestError>("two API keys are named '{}': give each a name of its own", key.name);
    if (other->hash == key.hash)
      throw_error<RequestError>("the API keys '{}' and '{}' are the same", other->name, key.name);
  }
  keys_.push_back(std::make_shared<const Key>(std::move(key)));
}

std::shared_ptr<const Key> Keys::find(std::string_view credential) const {
  const Sha256 hash = sha256(credential);
  std::shared_ptr<const Key> found;
  for (const auto& key : keys_)  // all of them, so that the time does not tell which
    if (CRYPTO_memcmp(hash.data(), key->hash.data(), hash.size()) == 0) found = key;
  return found;
}

double Keys::take_turn(const Key& key, Clock::time_point now) {
  if (key.requests_per_minute == 0) return 0;
  const double capacity = key.requests_per_minute, per_second = capacity / 60;
  const std::lock_guard lock(mutex_);
  Bucket& bucket = buckets_.try_emplace(key.name, Bucket{capacity, now}).first->second;
  const double elapsed = std::chrono::duration<double>(now - bucket.filled).count();
  bucket.tokens = std::min(capacity, bucket.tokens + elapsed * per_second);
  bucket.filled = now;
  if (bucket.tokens < 1) return (1 - bucket.tokens) / per_second;
  bucket.tokens -= 1;
  return 0;
}

std::vector<Key> parse_keys(std::string_view json, const std::string& file) {
  const KeyJson entries = KeyJson::parse(json, nullptr, false);
  if (!entries.is_array() || entries.empty())
    throw_error<RequestError>("{}: not a JSON list of keys: [{{\"name\": \"laptop\", \"key\": \"...\"}}]", file);
  std::vector<Key> keys;
  for (const KeyJson& entry : entries) keys.push_back(parse_key(entry, {file, keys.size() + 1}));
  return keys;
}

}  // namespace facet::http
