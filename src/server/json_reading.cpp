#include "server/json_reading.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"

namespace facet::server {

Json parse_body(std::string_view body) {
  if (body.empty()) throw ApiError(ApiError::Kind::Invalid, "the request has no body, expected a JSON object");
  Json value;
  try {
    value = text::parse_chat_json(body);
  } catch (const Error& e) {
    throw ApiError(ApiError::Kind::Invalid, fmt::format("the request's body is no JSON: {}", e.what()));
  }
  if (!value.is_object())
    throw ApiError(ApiError::Kind::Invalid,
                   fmt::format("the request's body is {}, expected a JSON object", json_type(value)));
  return value;
}

std::string to_json_text(const Json& value) { return text::chat_json_text(value); }

void throw_invalid(const std::string& place, const std::string& message) {
  throw ApiError(ApiError::Kind::Invalid, printable(place.empty() ? message : place + ": " + message), place);
}

std::string_view json_type(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "a list";
    case Json::value_t::string:
      return "a string";
    case Json::value_t::boolean:
      return "true or false";
    default:
      return "a number";
  }
}

std::string item_place(const std::string& list, size_t index) { return fmt::format("{}[{}]", list, index); }

namespace {

[[noreturn]] void throw_type(const std::string& place, std::string_view expected, const Json& value) {
  throw_invalid(place, fmt::format("expected {}, got {}", expected, json_type(value)));
}

}  // namespace

const std::string& string_at(const Json& value, const std::string& place) {
  if (!value.is_string()) throw_type(place, "a string", value);
  return value.get_ref<const std::string&>();
}

double number_at(const Json& value, const std::string& place, double low, double high) {
  if (!value.is_number() && !value.is_binary()) throw_type(place, "a number", value);
  // Binary: more digits than 64 bits hold.
  const double number = value.is_number() ? value.get<double>() : std::numeric_limits<double>::infinity();
  if (!(number >= low && number <= high))
    throw_invalid(place,
                  fmt::format("expected a number from {} to {}, got {}", low, high, text::chat_json_text(value)));
  return number;
}

int64_t integer_at(const Json& value, const std::string& place, int64_t low, int64_t high) {
  if (!value.is_number() && !value.is_binary()) throw_type(place, "a whole number", value);
  const auto refuse = [&] {
    throw_invalid(place,
                  fmt::format("expected a whole number from {} to {}, got {}", low, high, text::chat_json_text(value)));
  };
  if (value.is_binary()) refuse();  // more digits than 64 bits hold
  if (value.is_number_float()) {
    const auto number = value.get<double>();
    if (std::trunc(number) != number || std::abs(number) > 9e15) refuse();
  }
  if (value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    refuse();
  const auto number = value.get<int64_t>();
  if (number < low || number > high) refuse();
  return number;
}

Fields::Fields(const Json& object, std::string place) : object_(&object), place_(std::move(place)) {
  if (!object.is_object()) throw_type(place_, "an object", object);
}

const Json* Fields::value(const char* key) const {
  const auto found = object_->find(key);
  return found != object_->end() ? &*found : nullptr;
}

const Json* Fields::find(const char* key) const {
  const Json* found = value(key);
  return found && !found->is_null() ? found : nullptr;
}

const Json& Fields::require(const char* key) const {
  if (const Json* value = find(key)) return *value;
  throw_invalid(place(key), "is missing");
}

std::string Fields::place(const char* key) const {
  if (!key) return place_;
  return place_.empty() ? key : place_ + "." + key;
}

std::optional<bool> Fields::boolean(const char* key) const {
  const Json* value = find(key);
  if (!value) return {};
  if (!value->is_boolean()) throw_type(place(key), "true or false", *value);
  return value->get<bool>();
}

std::optional<double> Fields::number(const char* key, double low, double high) const {
  const Json* value = find(key);
  return value ? std::optional(number_at(*value, place(key), low, high)) : std::nullopt;
}

std::optional<int64_t> Fields::integer(const char* key, int64_t low, int64_t high) const {
  const Json* value = find(key);
  return value ? std::optional(integer_at(*value, place(key), low, high)) : std::nullopt;
}

std::optional<std::string> Fields::string(const char* key) const {
  const Json* value = find(key);
  return value ? std::optional(string_at(*value, place(key))) : std::nullopt;
}

std::string Fields::required_string(const char* key) const { return string_at(require(key), place(key)); }

std::vector<std::string> Fields::strings(const char* key) const {
  const Json* value = find(key);
  if (!value) return {};
  if (value->is_string()) return {value->get<std::string>()};
  if (!value->is_array()) throw_type(place(key), "a string or a list of strings", *value);
  std::vector<std::string> strings;
  for (const Json& item : *value) strings.push_back(string_at(item, item_place(place(key), strings.size())));
  return strings;
}

std::optional<Fields> Fields::object(const char* key) const {
  const Json* value = find(key);
  return value ? std::optional<Fields>(std::in_place, *value, place(key)) : std::nullopt;
}

std::vector<std::string> stop_strings(const Fields& fields, const char* key) {
  constexpr size_t kMaxStops = 64;
  std::vector<std::string> stops = fields.strings(key);
  std::erase_if(stops, [](const std::string& stop) { return stop.empty(); });
  if (stops.size() > kMaxStops) throw_invalid(fields.place(key), fmt::format("more than {} strings", kMaxStops));
  return stops;
}

const Json& Fields::list(const char* key) const {
  static const Json kEmpty = Json::array();
  const Json* value = find(key);
  if (!value) return kEmpty;
  if (!value->is_array()) throw_type(place(key), "a list", *value);
  return *value;
}

}  // namespace facet::server
