#include <gtest/gtest.h>

#include "server/messages.h"

namespace facet::server {
namespace {

Json prepared_parameters(const char* schema) {
  return prepare_tools(
      Json::array({{{"type", "function"},
                    {"function", {{"name", "f"}, {"parameters", Json::parse(schema)}}}}}))[0]["function"]["parameters"];
}
Json prepared_property(const char* schema) {
  return prepared_parameters(("{\"properties\": {\"p\": " + std::string(schema) + "}}").c_str())["properties"]["p"];
}

TEST(ToolSchemas, EachFormBecomesOneThatCanBeWritten) {
  struct Case {
    const char *schema, *expected;
  };
  const Case cases[] = {
      {R"({"type": ["string", "null"]})", R"({"type": "string", "nullable": true})"},
      {R"({"type": ["string", "integer"]})", R"({"type": ["string", "integer"]})"},
      {R"({"anyOf": [{"type": "integer"}, {"type": "null"}], "description": "d"})",
       R"({"description": "d", "nullable": true, "type": "integer"})"},
      {R"({"oneOf": [{"type": "integer"}, {"type": "string"}]})", R"({"type": ["integer", "string"]})"},
      {R"({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]})",
       R"({"type": "array", "items": {"type": "string"}})"},
      {R"({"allOf": [{"type": "integer"}, {"minimum": 3}]})", R"({"type": "integer", "minimum": 3})"},
      {R"({"properties": {"q": {}}})", R"({"properties": {"q": {"type": "string"}}, "type": "object"})"},
      {R"({"items": {"type": "string"}})", R"({"items": {"type": "string"}, "type": "array"})"},
      {R"({"const": "x"})", R"({"enum": ["x"], "type": "string"})"},
      {R"({"const": 3})", R"({"type": "integer"})"},
      {"true", R"({"type": "string"})"},
      {R"({"type": "object", "additionalProperties": {"type": "string"}})", R"({"type": "object", "properties": {}})"},
  };
  for (const Case& c : cases) EXPECT_EQ(prepared_property(c.schema), Json::parse(c.expected)) << c.schema;
}

TEST(ToolSchemas, ReferencesArePutInPlaceAndCyclesEnd) {
  const Json p = prepared_parameters(R"({"type": "object", "properties": {
      "a": {"$ref": "#/$defs/A", "description": "mine"}, "lost": {"$ref": "http://x/y"}},
      "$defs": {"A": {"type": "object", "properties": {"next": {"$ref": "#/$defs/A"}, "n": {"type": "integer"}}}}})");
  EXPECT_FALSE(p.contains("$defs"));
  EXPECT_EQ(p["properties"]["a"]["description"], "mine");
  EXPECT_EQ(p["properties"]["a"]["properties"]["n"]["type"], "integer");
  EXPECT_EQ(p["properties"]["a"]["properties"]["next"], Json::parse(R"({"type": "object", "properties": {}})"));
  EXPECT_EQ(p["properties"]["lost"]["type"], "object");
}

// Two references to one definition at each of many levels must not multiply without bound.
TEST(ToolSchemas, WideReferencesStayBounded) {
  Json schema = {{"type", "object"}, {"properties", {{"x", {{"$ref", "#/$defs/d0"}}}}}, {"$defs", Json::object()}};
  for (int i = 0; i < 30; ++i) {
    const Json next = {{"$ref", "#/$defs/d" + std::to_string(i + 1)}};
    schema["$defs"]["d" + std::to_string(i)] = {{"type", "object"}, {"properties", {{"l", next}, {"r", next}}}};
  }
  EXPECT_LT(prepared_parameters(schema.dump().c_str()).dump().size(), 5'000'000u);
}

}  // namespace
}  // namespace facet::server
