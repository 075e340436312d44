#include "server/dialects/openai/output_format.h"

#include <fmt/format.h>

namespace facet::server {
namespace {

using FormatKind = OutputFormat::Kind;

OutputFormat schema_format(const Json& schema, const std::string& place) {
  if (!schema.is_object() && !schema.is_boolean()) throw_invalid(place, "expected a JSON schema: an object");
  return {FormatKind::Schema, schema, {}, {}};
}

OutputFormat text_format(FormatKind kind, const Json& text, const std::string& place) {
  return {kind, {}, string_at(text, place), {}};
}

OutputFormat choice_format(const Json& list, const std::string& place) {
  OutputFormat format{FormatKind::Choice, {}, {}, {}};
  if (!list.is_array() || list.empty()) throw_invalid(place, "expected a list of strings");
  for (const Json& choice : list) format.choices.push_back(string_at(choice, item_place(place, format.choices.size())));
  return format;
}

// Some clients send schemas as text.
OutputFormat guided_json(const Json& schema, const std::string& place) {
  return schema.is_string() ? schema_format(parse_body(schema.get_ref<const std::string&>()), place)
                            : schema_format(schema, place);
}

struct Extension {
  const char* key;
  OutputFormat (*read)(const Json& value, const std::string& place);
};
OutputFormat regex_of(const Json& v, const std::string& place) { return text_format(FormatKind::Regex, v, place); }
OutputFormat grammar_of(const Json& v, const std::string& place) { return text_format(FormatKind::Grammar, v, place); }

constexpr Extension kExtensions[] = {
    {"grammar", grammar_of},         {"guided_grammar", grammar_of}, {"regex", regex_of},
    {"guided_regex", regex_of},      {"guided_json", guided_json},   {"json_schema", guided_json},
    {"guided_choice", choice_format}};

}  // namespace

OutputFormat read_format(const Fields& format) {
  const std::string type = format.required_string("type");
  if (type == "text") return {};
  if (type == "json_object")
    return format.has("schema") ? schema_format(format.require("schema"), format.place("schema"))
                                : OutputFormat{FormatKind::JsonObject, {}, {}, {}};
  if (type == "json_schema") {
    const auto inner = format.object("json_schema");
    const Fields& fields = inner ? *inner : format;
    return schema_format(fields.require("schema"), fields.place("schema"));
  }
  if (type == "regex" || type == "grammar") {
    const char* key = format.has("value") ? "value" : type == "regex" ? "regex" : "grammar";
    return text_format(type == "regex" ? FormatKind::Regex : FormatKind::Grammar, format.require(key),
                       format.place(key));
  }
  throw ApiError(ApiError::Kind::Unsupported,
                 fmt::format("{}: '{}' is not supported, expected text, json_object, json_schema, regex or grammar",
                             format.place("type"), type),
                 format.place("type"));
}

OutputFormat read_response_format(const Fields& body) {
  OutputFormat result;
  const auto format = body.object("response_format");
  if (format) result = read_format(*format);
  for (const Extension& extension : kExtensions)
    if (const Json* value = body.find(extension.key)) {
      if (result.kind != FormatKind::Text) throw_invalid(extension.key, "the answer's form is given twice");
      result = extension.read(*value, extension.key);
    }
  return result;
}

}  // namespace facet::server
