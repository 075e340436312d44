// Checked reading of the JSON files of a Hugging Face folder.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/error.h"

namespace facet::model {

using Json = nlohmann::json;

// Reads fields of one JSON object, which must outlive it; null counts as absent. Messages name the source and the
// field.
class Fields {
 public:
  Fields(const Json& object, std::string source) : object_(object), source_(std::move(source)) {}

  const Json* find(const char* key) const {
    const auto it = object_.find(key);
    return it == object_.end() || it->is_null() ? nullptr : &*it;
  }
  int integer(const char* key, std::optional<int64_t> fallback = {}) const {
    const Json* v = find(key);
    if (v == nullptr) return static_cast<int>(fallback ? *fallback : missing(key));
    if (!v->is_number_integer()) wrong(key, "an integer");
    const int64_t n = v->get<int64_t>();
    if (n < 0 || n > INT32_MAX) wrong(key, "an integer of 0 or more");
    return static_cast<int>(n);
  }
  double number(const char* key, std::optional<double> fallback = {}) const {
    const Json* v = find(key);
    if (v == nullptr) return fallback ? *fallback : static_cast<double>(missing(key));
    if (!v->is_number()) wrong(key, "a number");
    return v->get<double>();
  }
  bool boolean(const char* key, bool fallback) const {
    const Json* v = find(key);
    if (v != nullptr && !v->is_boolean()) wrong(key, "true or false");
    return v == nullptr ? fallback : v->get<bool>();
  }
  std::string text(const char* key, const char* fallback) const {
    const Json* v = find(key);
    if (v != nullptr && !v->is_string()) wrong(key, "a string");
    return v == nullptr ? fallback : v->get<std::string>();
  }
  const Json& object(const char* key, const Json& fallback) const {
    const Json* v = find(key);
    if (v != nullptr && !v->is_object()) wrong(key, "an object");
    return v == nullptr ? fallback : *v;
  }
  [[noreturn]] void wrong(const char* key, const char* expected) const {
    throw_error<FormatError>("{}: \"{}\" must be {}", source_, key, expected);
  }
  const std::string& source() const { return source_; }

 private:
  [[noreturn]] int64_t missing(const char* key) const {
    throw_error<FormatError>("{}: \"{}\" is missing", source_, key);
  }

  const Json& object_;
  std::string source_;
};

// The object that a configuration consists of. Throws FormatError: not JSON, no object, or nested deeper than any.
Json parse_object(const std::string& json, const std::string& source);

// A configuration file's text. Throws ResourceError (cannot read) or FormatError (larger than any configuration).
std::string read_small_file(const std::string& path);

}  // namespace facet::model
