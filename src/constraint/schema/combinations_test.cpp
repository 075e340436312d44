// Schemas within schemas that speak of the same value, and references.
#include "constraint/schema/schema_cases.h"

namespace facet::constraint {
namespace {

TEST(JsonSchema, AllOfAndAnyOf) {
  check_schemas({
      {R"({"allOf":[{"type":"object","properties":{"a":{"type":"integer"}}},{"required":["a"],"properties":{"a":{"minimum":3}}}]})",
       {R"({"a":3,"b":1})"},
       {"{}", R"({"a":2})", R"({"a":"x"})"}},
      {R"({"allOf":[{"properties":{"a":{}},"additionalProperties":{"type":"integer"}},{"properties":{"b":{"maximum":5}}}],"type":"object"})",
       {R"({"a":"x","b":5,"c":6})"},
       {R"({"b":6})", R"({"b":"x"})", R"({"c":"x"})"}},
      {R"({"anyOf":[{"type":"string"},{"type":"integer","minimum":5}]})", {"\"a\"", "5"}, {"4", "null"}},
      {R"({"type":"object","properties":{"k":{"type":"string"}},"anyOf":[{"required":["a"]},{"required":["b"]}],"additionalProperties":{"type":"integer"}})",
       {R"({"a":1})", R"({"b":1,"k":"x"})", R"({"a":1,"b":2})"},
       {R"({"k":"x"})", R"({"a":"x"})"}},
      {R"({"anyOf":[{"minLength":2},{"pattern":"^x"}],"type":"string"})", {"\"ab\"", "\"x\""}, {"\"a\""}},
      {R"({"anyOf":[{"type":"array","items":{"type":"integer"}},{"type":"array","items":{"type":"string"}}]})",
       {"[1,2]", "[\"a\"]", "[]"},
       {"[1,\"a\"]"}},
  });
  EXPECT_NE(schema_refusal(R"({"allOf":[{"type":"string"},{"type":"integer"}]})").find("contradicts"),
            std::string::npos);
}

TEST(JsonSchema, OneOfIsExactlyOne) {
  check_schemas({
      {R"({"oneOf":[{"type":"string"},{"type":"null"}]})", {"\"a\"", "null"}, {"1"}},
      {R"({"type":"integer","oneOf":[{"multipleOf":3},{"multipleOf":5}]})", {"3", "5", "10"}, {"15", "1", "0"}},
      {R"({"type":"integer","oneOf":[{"minimum":0},{"maximum":10}]})", {"-1", "11"}, {"0", "5", "10"}},
      {R"({"type":"object","oneOf":[{"required":["a"]},{"required":["b"]}]})",
       {R"({"a":1})", R"({"b":1,"c":2})"},
       {"{}", R"({"a":1,"b":2})"}},
      {R"({"type":"object","oneOf":[{"properties":{"t":{"const":"a"},"x":{"type":"integer"}},"required":["t","x"]},{"properties":{"t":{"const":"b"},"y":{"type":"string"}},"required":["t"]}]})",
       {R"({"t":"a","x":1})", R"({"y":"s","t":"b"})"},
       {R"({"t":"a"})", R"({"t":"b","y":1})", R"({"t":"c"})"}},
      {R"({"oneOf":[{"type":"object","properties":{"a":{}},"additionalProperties":false},{"type":"object","properties":{"b":{}},"additionalProperties":false}]})",
       {R"({"a":1})", R"({"b":1})"},
       {"{}", R"({"a":1,"b":1})"}},
      {R"({"oneOf":[{"type":"object","required":["name"]},{"type":"object","required":["include"],"properties":{"include":{}},"additionalProperties":false}]})",
       {R"({"name":1})", R"({"name":1,"include":2})", R"({"include":1})"},
       {"{}", R"({"include":1,"x":2})"}},
      {R"({"oneOf":[{"enum":["a","b"]},{"enum":["b","c"]}]})", {"\"a\"", "\"c\""}, {"\"b\""}},
  });
  EXPECT_NE(schema_refusal(R"({"oneOf":[{"type":"array","uniqueItems":true},{"type":"array","minItems":1}]})")
                .find("schema at /oneOf/0/uniqueItems: values that break this rule cannot be described"),
            std::string::npos);
}

TEST(JsonSchema, Not) {
  check_schemas({
      {R"({"not":{"type":["string","null"]}})", {"1", "[]", "true"}, {"\"a\"", "null"}},
      {R"({"type":"object","not":{"required":["a","b"]}})", {"{}", R"({"a":1})", R"({"b":1})"}, {R"({"a":1,"b":1})"}},
      {R"({"type":"object","not":{"properties":{"a":{"type":"integer"}},"required":["a"]}})",
       {"{}", R"({"a":"x"})"},
       {R"({"a":1})"}},
      {R"({"type":"object","properties":{"a":{"type":"string"}},"not":{"properties":{"a":{"const":"x"}}}})",
       {R"({"a":"y"})"},
       {"{}", R"({"a":"x"})", R"({"a":1})"}},
      {R"({"not":{"anyOf":[{"type":"string"},{"minimum":5}]}})", {"4", "-1.5"}, {"\"a\"", "5", "null"}},
      {R"({"not":{"not":{"type":"integer"}}})", {"1"}, {"\"a\"", "1.5"}},
      {R"({"type":"array","not":{"minItems":2}})", {"[]", "[1]"}, {"[1,2]"}},
      {R"({"type":"object","not":{"propertyNames":false}})", {R"({"a":1})"}, {"{}"}},
      {R"({"type":"object","not":{"propertyNames":{"not":{"enum":["a","b"]}}}})",
       {R"({"a":1})", R"({"c":1,"b":2})"},
       {"{}", R"({"c":1})"}},
      {R"({"type":"array","not":{"const":[1]}})", {"[]", "[2]", "[1,1]"}, {"[1]"}},
      {R"({"type":"object","not":{"const":{"a":1}}})",
       {"{}", R"({"a":2})", R"({"b":1})", R"({"a":1,"b":1})"},
       {R"({"a":1})"}},
      {R"({"type":"object","properties":{"a":{},"b":{}},"additionalProperties":false,"not":{"properties":{"a":{}},"additionalProperties":false}})",
       {R"({"b":1})", R"({"a":1,"b":1})"},
       {"{}", R"({"a":1})"}},
  });
  check_schemas({{R"({"type":"object","not":{"properties":{"a":{},"b":{}},"additionalProperties":false}})",
                  {R"({"c":1})", R"({"a":1,"c":1})", R"({"c":1,"b":2,"a":1})"},
                  {"{}", R"({"a":1})", R"({"b":1,"a":1})"}}});
  EXPECT_NE(schema_refusal(R"({"not":{"type":"array","uniqueItems":true}})").find("/not/uniqueItems"),
            std::string::npos);
  check_schemas({{R"({"type":"string","not":{"type":"array","uniqueItems":true}})", {"\"a\""}, {"[1,1]"}}});
  EXPECT_NE(schema_refusal(R"({"not":{}})").find("contradicts"), std::string::npos);
}

TEST(JsonSchema, Conditions) {
  check_schemas({
      {R"({"type":"object","if":{"properties":{"k":{"const":1}},"required":["k"]},"then":{"required":["a"]},"else":{"required":["b"]}})",
       {R"({"k":1,"a":0})", R"({"k":2,"b":0})", R"({"b":0})"},
       {R"({"k":1})", R"({"k":1,"b":0})", R"({"a":0})"}},
      {R"({"type":"object","if":{"required":["k"]},"then":{"required":["a"]}})",
       {"{}", R"({"k":1,"a":1})"},
       {R"({"k":1})"}},
      {R"({"type":"object","maxProperties":1,"dependentRequired":{"a":["a"]}})", {R"({"a":1})"}, {R"({"a":1,"b":1})"}},
      {R"({"type":"object","dependentRequired":{"a":["b"]}})",
       {"{}", R"({"b":1})", R"({"a":1,"b":1})"},
       {R"({"a":1})"}},
      {R"({"type":"object","dependencies":{"a":["b"],"c":{"properties":{"d":{"type":"integer"}}}}})",
       {R"({"c":1,"d":2})", R"({"d":"x"})"},
       {R"({"c":1,"d":"x"})", R"({"a":1,"c":1})"}},
      {R"({"type":"object","dependentSchemas":{"a":{"maxProperties":1}}})",
       {R"({"a":1})", R"({"b":1,"c":1})"},
       {R"({"a":1,"b":1})"}},
  });
}

TEST(JsonSchema, References) {
  check_schemas({
      {R"({"$defs":{"n/~ a":{"type":"integer"}},"type":"array","items":{"$ref":"#/$defs/n~1~0%20a"}})",
       {"[1]"},
       {"[\"a\"]"}},
      {R"({"type":"object","properties":{"v":{"type":"integer"},"next":{"$ref":"#"}},"required":["v"],"additionalProperties":false})",
       {R"({"v":1,"next":{"v":2,"next":{"v":3}}})"},
       {R"({"v":1,"next":{}})"}},
      {R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"array","items":{"$ref":"#/$defs/b"}},"b":{"anyOf":[{"$ref":"#/$defs/a"},{"type":"null"}]}}})",
       {"[[],[null]]"},
       {"null", "[1]"}},
      {R"({"$ref":"#/$defs/a","minimum":3,"$defs":{"a":{"type":"integer"}}})", {"3"}, {"2", "\"a\""}},
      {R"({"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#/definitions/a","minimum":3,"definitions":{"a":{"type":"integer"}}})",
       {"3", "2"},
       {"\"a\""}},
      {R"({"$id":"http://x.org/root.json","items":{"$ref":"item.json"},"type":"array","$defs":{"i":{"$id":"/item.json","type":"integer"}}})",
       {"[1]"},
       {"[null]"}},
      {R"({"$defs":{"i":{"$anchor":"item","type":"integer"}},"items":{"$ref":"#item"},"type":"array"})",
       {"[1]"},
       {"[null]"}},
      {R"({"$schema":"http://json-schema.org/draft-04/schema#","id":"http://x.org/a","definitions":{"i":{"id":"#item","type":"integer"}},"items":{"$ref":"#item"},"type":"array"})",
       {"[1]"},
       {"[null]"}},
      {R"({"$defs":{"v":{"anyOf":[{"type":"array","items":{"$ref":"#/$defs/v"}},{"$ref":"#/$defs/o"},{"type":"string"}]},"o":{"type":"object","additionalProperties":{"$ref":"#/$defs/v"}}},"$ref":"#/$defs/o"})",
       {R"({"a":[{"b":"c"}]})"},
       {R"({"a":1})"}},
      {R"({"properties":{"$ref":{"type":"integer"}},"type":"object"})", {R"({"$ref":1})"}, {R"({"$ref":"a"})"}},
      {R"({"$dynamicAnchor":"node","type":"object","properties":{"c":{"$dynamicRef":"#node"}}})",
       {R"({"c":{"c":{}}})"},
       {R"({"c":1})"}},
  });
  EXPECT_EQ(schema_refusal(R"({"items":{"$ref":"http://json-schema.org/draft-07/schema#"}})"),
            "schema at /items/$ref: \"http://json-schema.org/draft-07/schema#\" leads to nothing in this document; "
            "definitions from elsewhere have to be copied into it");
  EXPECT_NE(schema_refusal(R"({"$ref":"#"})").find("refers to itself without end"), std::string::npos);
  EXPECT_NE(schema_refusal(R"({"anyOf":[{"$ref":"#"},{"type":"null"}]})").find("refers to itself without end"),
            std::string::npos);
  EXPECT_NE(schema_refusal(R"({"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]})"), "");
}

TEST(JsonSchema, HostileSchemasAreRefusedSoon) {
  std::string deep, chain = R"({"$ref":"#/$defs/d0","$defs":{)";
  for (int i = 0; i < 300; ++i) deep += R"({"items":)";
  EXPECT_NE(schema_refusal(deep + "{}" + std::string(300, '}')).find("deeper than 200"), std::string::npos);

  for (int i = 0; i < 1000; ++i)
    chain += "\"d" + std::to_string(i) + R"(":{"type":"object","required":["a"],"properties":{"a":{"$ref":"#/$defs/d)" +
             std::to_string(i + 1) + "\"}}},";
  EXPECT_EQ(schema_refusal(chain + R"("d1000":{"type":"null"}}})"), "");

  std::string product = R"({"allOf":[)";
  for (int i = 0; i < 40; ++i) {
    const std::string n = std::to_string(i);
    product +=
        std::string(i == 0 ? "" : ",") + R"({"anyOf":[{"required":["a)" + n + R"("]},{"required":["b)" + n + R"("]}]})";
  }
  EXPECT_NE(schema_refusal(product + "]}").find("alternatives"), std::string::npos);
}

}  // namespace
}  // namespace facet::constraint
