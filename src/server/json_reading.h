// Careful reading of what clients send as JSON. Null means unset everywhere; what has the wrong type or lies outside of
// its range is an ApiError (Invalid) that names the field: "messages[2].content: expected a string, got a number".
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/api_error.h"
#include "server/request.h"

namespace facet::server {

// A request's body as an object, with bounded nesting; integers of any size keep their digits.
Json parse_body(std::string_view body);

// JSON text without white space, numbers in all their digits; broken UTF-8 becomes U+FFFD.
std::string to_json_text(const Json& value);

// ApiError (Invalid) about `place`: "place: message".
[[noreturn]] void throw_invalid(const std::string& place, const std::string& message);

// "a string", "a list", ...: for messages.
std::string_view json_type(const Json& value);

// "messages[2]".
std::string item_place(const std::string& list, size_t index);

// The fields of one object, which outlives them. place: the object's own, in messages; empty for the body.
class Fields {
 public:
  explicit Fields(const Json& object, std::string place = {});

  const Json* find(const char* key) const;     // null where there is none, or JSON's null
  const Json* value(const char* key) const;    // likewise, but null is a value: for the few fields that it switches off
  const Json& require(const char* key) const;  // ApiError where find() gives none
  bool has(const char* key) const { return find(key) != nullptr; }
  std::string place(const char* key = nullptr) const;  // of a field, or of the object itself

  std::optional<bool> boolean(const char* key) const;
  std::optional<double> number(const char* key, double low, double high) const;
  // Whole numbers, also those written as 8.0.
  std::optional<int64_t> integer(const char* key, int64_t low = std::numeric_limits<int64_t>::min(),
                                 int64_t high = std::numeric_limits<int64_t>::max()) const;
  std::optional<std::string> string(const char* key) const;
  std::string required_string(const char* key) const;
  std::string string_or(const char* key, const std::string& otherwise) const { return string(key).value_or(otherwise); }
  bool boolean_or(const char* key, bool otherwise) const { return boolean(key).value_or(otherwise); }
  std::vector<std::string> strings(const char* key) const;  // a string or a list of strings; empty where there is none

  std::optional<Fields> object(const char* key) const;
  const Json& list(const char* key) const;  // empty where there is none

 private:
  const Json* object_;
  std::string place_;
};

// Strings that end an answer, empty ones left out; at most 64, as each token is compared with all of them.
std::vector<std::string> stop_strings(const Fields& fields, const char* key);

// The string of a list's item or of any value with a place.
const std::string& string_at(const Json& value, const std::string& place);
int64_t integer_at(const Json& value, const std::string& place, int64_t low, int64_t high);
double number_at(const Json& value, const std::string& place, double low, double high);

}  // namespace facet::server
