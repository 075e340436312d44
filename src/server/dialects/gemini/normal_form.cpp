#include "server/dialects/gemini/normal_form.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string_view>

namespace facet::server {
namespace {

template <size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string camel_case(std::string_view key) {
  std::string camel;
  bool is_next_large = false;
  for (const char c : key) {
    if (c == '_' && !camel.empty()) {
      is_next_large = true;
    } else {
      camel += is_next_large ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      is_next_large = false;
    }
  }
  return camel;
}

// The value of `key`, which is in its normal form.
Json normal_value(std::string_view key, Json value) {
  static constexpr std::array<std::string_view, 8> kData = {
      "args",    "response", "parametersJsonSchema", "responseJsonSchema", "_responseJsonSchema", "default",
      "example", "enum"};
  static constexpr std::array<std::string_view, 3> kNamed = {"properties", "defs", "$defs"};
  if (is_one_of(key, kData)) return value;
  if (!is_one_of(key, kNamed) || !value.is_object()) return gemini_normal_form(std::move(value));
  for (Json& named : value) named = gemini_normal_form(std::move(named));
  return value;
}

// Counts are 64-bit integers to the protocol, which it writes in quotes.
Json unquoted(const Json& count) {
  if (!count.is_string()) return count;
  const std::string& text = count.get_ref<const std::string&>();
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? Json(number) : count;
}

Json ordered_properties(const Json& properties, const Json& order) {
  Json result = Json::object();
  for (const Json& name : order)
    if (name.is_string() && properties.contains(name.get_ref<const std::string&>()))
      result[name.get<std::string>()] = gemini_json_schema(properties[name.get<std::string>()]);
  for (const auto& item : properties.items())
    if (!result.contains(item.key())) result[item.key()] = gemini_json_schema(item.value());
  return result;
}

Json each_schema(const Json& schemas) {
  Json result = schemas;
  for (Json& schema : result) schema = gemini_json_schema(schema);
  return result;
}

std::string lower_word(std::string word) {
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return word;
}

// One keyword of a schema; unknown ones stay.
void add_keyword(const std::string& key, const Json& value, Json& result) {
  static constexpr std::array<std::string_view, 6> kCounts = {"minItems",  "maxItems",      "minLength",
                                                              "maxLength", "minProperties", "maxProperties"};
  static constexpr std::array<std::string_view, 5> kNumberFormats = {"int32", "int64", "float", "double", "enum"};
  if (key == "nullable" || key == "propertyOrdering" || key == "example" || key == "properties") return;
  if (key == "type" && value.is_string()) {
    if (value != "TYPE_UNSPECIFIED") result[key] = lower_word(value.get<std::string>());
  } else if (key == "format" && value.is_string()) {
    if (!is_one_of(value.get_ref<const std::string&>(), kNumberFormats)) result[key] = value;
  } else if (is_one_of(key, kCounts)) {
    result[key] = unquoted(value);
  } else if (key == "items" || key == "additionalProperties") {
    result[key] = gemini_json_schema(value);
  } else if (key == "anyOf" || key == "prefixItems" || key == "oneOf" || key == "allOf") {
    result[key] = each_schema(value);
  } else if (key == "defs" || key == "$defs") {
    result["$defs"] = each_schema(value);
  } else {
    result[key == "ref" ? "$ref" : key] = value;
  }
}

}  // namespace

Json gemini_normal_form(Json body) {
  if (body.is_array())
    for (Json& item : body) item = gemini_normal_form(std::move(item));
  if (!body.is_object()) return body;
  Json result = Json::object();
  for (auto& item : body.items()) {
    const std::string key = camel_case(item.key());
    result[key] = normal_value(key, std::move(item.value()));
  }
  return result;
}

Json gemini_json_schema(const Json& schema) {
  if (!schema.is_object()) return schema;
  Json result = Json::object();
  for (const auto& item : schema.items()) add_keyword(item.key(), item.value(), result);
  if (const auto found = schema.find("properties"); found != schema.end() && found->is_object())
    result["properties"] = ordered_properties(*found, schema.value("propertyOrdering", Json::array()));
  const auto nullable = schema.find("nullable");
  if (nullable != schema.end() && *nullable == true) return {{"anyOf", {std::move(result), {{"type", "null"}}}}};
  return result;
}

}  // namespace facet::server
