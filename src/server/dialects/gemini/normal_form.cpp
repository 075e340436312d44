#include "server/dialects/gemini/normal_form.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string_view>
#include <unordered_map>

#include "base/ascii_case.h"
#include "text/chat_value.h"

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

// Those that `order` names come first.
Json ordered_properties(const Json& properties, const Json& order) {
  std::unordered_map<std::string, const Json*> left;
  for (const auto& item : properties.items()) left.emplace(item.key(), &item.value());
  text::ObjectBuilder result;
  const auto take = [&](const std::string& name) {
    if (const auto found = left.extract(name)) result.set(name, gemini_json_schema(*found.mapped()));
  };
  for (const Json& name : order)
    if (name.is_string()) take(name.get_ref<const std::string&>());
  for (const auto& item : properties.items()) take(item.key());
  return result.take();
}

Json each_schema(const Json& schemas) {
  Json result = schemas;
  for (Json& schema : result) schema = gemini_json_schema(schema);
  return result;
}

// One keyword of a schema; unknown ones stay.
void add_keyword(const std::string& key, const Json& value, text::ObjectBuilder& result) {
  static constexpr std::array<std::string_view, 6> kCounts = {"minItems",  "maxItems",      "minLength",
                                                              "maxLength", "minProperties", "maxProperties"};
  static constexpr std::array<std::string_view, 5> kNumberFormats = {"int32", "int64", "float", "double", "enum"};
  if (key == "nullable" || key == "propertyOrdering" || key == "example" || key == "properties") return;
  if (key == "type" && value.is_string()) {
    if (value != "TYPE_UNSPECIFIED") result.set(key, ascii_lower(value.get_ref<const std::string&>()));
  } else if (key == "format" && value.is_string()) {
    if (!is_one_of(value.get_ref<const std::string&>(), kNumberFormats)) result.set(key, value);
  } else if (is_one_of(key, kCounts)) {
    result.set(key, unquoted(value));
  } else if (key == "items" || key == "additionalProperties") {
    result.set(key, gemini_json_schema(value));
  } else if (key == "anyOf" || key == "prefixItems" || key == "oneOf" || key == "allOf") {
    result.set(key, each_schema(value));
  } else if (key == "defs" || key == "$defs") {
    result.set("$defs", each_schema(value));
  } else {
    result.set(key == "ref" ? "$ref" : key, value);
  }
}

}  // namespace

Json gemini_normal_form(Json body) {
  if (body.is_array())
    for (Json& item : body) item = gemini_normal_form(std::move(item));
  if (!body.is_object()) return body;
  text::ObjectBuilder result;
  for (auto& item : body.items()) {
    std::string key = camel_case(item.key());
    Json value = normal_value(key, std::move(item.value()));
    result.set(std::move(key), std::move(value));
  }
  return result.take();
}

Json gemini_json_schema(const Json& schema) {
  if (!schema.is_object()) return schema;
  text::ObjectBuilder builder;
  for (const auto& item : schema.items()) add_keyword(item.key(), item.value(), builder);
  if (const auto found = schema.find("properties"); found != schema.end() && found->is_object())
    builder.set("properties", ordered_properties(*found, schema.value("propertyOrdering", Json::array())));
  Json result = builder.take();
  const auto nullable = schema.find("nullable");
  if (nullable != schema.end() && *nullable == true) return {{"anyOf", {std::move(result), {{"type", "null"}}}}};
  return result;
}

}  // namespace facet::server
