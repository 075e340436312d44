// Members of objects and items of arrays.
#include "constraint/schema/schema_cases.h"

namespace facet::constraint {
namespace {

TEST(JsonSchema, Members) {
  check_schemas({
      {R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["a"]})",
       {R"({"a":1})", R"({"b":"x","a":1})", R"({"a":1,"c":[]})"},
       {"{}", R"({"b":"x"})", R"({"a":"x"})", R"({"a":1,"a":2})"}},
      {R"({"type":"object","required":["x","y"]})", {R"({"y":1,"x":2,"z":3})"}, {R"({"x":1})"}},
      {R"({"type":"object","properties":{"a":true},"additionalProperties":false})",
       {"{}", R"({"a":null})"},
       {R"({"b":1})", R"({"\u0061":1})"}},
      {R"({"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":{"type":"integer"}})",
       {R"({"a":null,"b":1,"aa":2})"},
       {R"({"a":1})", R"({"b":"x"})"}},
      {R"({"type":"object","patternProperties":{"^s_":{"type":"string"},"^i_":{"type":"integer"}},"additionalProperties":false})",
       {"{}", R"({"s_a":"x","i_b":1})"},
       {R"({"s_a":1})", R"({"other":1})"}},
      {R"({"type":"object","properties":{"s_n":{"maxLength":1}},"patternProperties":{"^s":{"type":"string"},"n$":{"minLength":1}}})",
       {R"({"s_n":"x","sn":"xyz","n":1})", R"({"zn":"a"})", R"({"z":1})"},
       {R"({"s_n":"xy"})", R"({"s_n":""})", R"({"sn":""})", R"({"s":1})", R"({"zn":""})"}},
      {R"({"type":"object","propertyNames":{"pattern":"^[a-z]+$","maxLength":3}})",
       {"{}", R"({"abc":1})"},
       {R"({"abcd":1})", R"({"A":1})"}},
      {R"({"type":"object","properties":{"A":{},"b":{}},"propertyNames":{"enum":["b","c"]}})",
       {R"({"b":1,"c":2})"},
       {R"({"A":1})", R"({"d":1})"}},
      {R"({"type":"object","minProperties":2})", {R"({"a":1,"b":1})"}, {R"({"a":1})", R"({"a":1,"a":1})"}},
      {R"({"type":"object","minProperties":1,"maxProperties":2})",
       {R"({"a":1})", R"({"a":1,"b":2})"},
       {"{}", R"({"a":1,"b":2,"c":3})"}},
      {R"({"type":"object","properties":{"a":false,"b":{"type":"string","enum":[1]}}})",
       {"{}", R"({"c":1})"},
       {R"({"a":1})", R"({"b":1})", R"({"b":"1"})"}},
      {R"({"properties":{"a":{"type":"integer"}}})", {"1", "[]", R"({"a":1})"}, {R"({"a":"x"})"}},
      {R"({"type":"object","properties":{"a/b~\"":{"const":1}},"additionalProperties":false})",
       {R"({"a/b~\"":1})"},
       {R"({"a/b~\"":2})"}},
      {R"({"type":"object","properties":{"p":{"type":"string","required":true}}})",
       {"{}", R"({"p":"x"})"},
       {R"({"p":1})"}},
  });
  EXPECT_NE(
      schema_refusal(
          R"({"type":"object","required":["a"],"properties":{"a":{"type":"string","maxLength":0,"minLength":1}}})")
          .find("contradicts"),
      std::string::npos);
  EXPECT_NE(schema_refusal(R"({"type":"object","required":["a","b"],"maxProperties":1})").find("contradicts"),
            std::string::npos);
  EXPECT_NE(schema_refusal(
                R"({"type":"object","minProperties":2,"properties":{"a":{},"b":false},"additionalProperties":false})")
                .find("contradicts"),
            std::string::npos);
}

TEST(JsonSchema, Unevaluated) {
  check_schemas({
      {R"({"type":"object","allOf":[{"properties":{"a":{}}}],"properties":{"b":{}},"unevaluatedProperties":false})",
       {R"({"a":1,"b":2})"},
       {R"({"c":1})"}},
      {R"({"type":"object","oneOf":[{"properties":{"k":{"const":1},"a":{}},"required":["k"]},{"properties":{"k":{"const":2},"b":{}},"required":["k"]}],"unevaluatedProperties":false})",
       {R"({"k":1,"a":0})", R"({"k":2,"b":0})"},
       {R"({"k":1,"b":0})", R"({"k":2,"c":0})"}},
      {R"({"type":"array","allOf":[{"prefixItems":[{"type":"integer"}]}],"unevaluatedItems":{"type":"string"}})",
       {"[]", "[1]", "[1,\"a\"]"},
       {"[1,2]", "[\"a\"]"}},
  });
}

TEST(JsonSchema, Items) {
  check_schemas({
      {R"({"type":"array","items":{"type":"integer"}})", {"[]", "[1]", "[1,2,3]"}, {"[\"a\"]", "[1,null]"}},
      {R"({"type":"array","minItems":1,"maxItems":2})", {"[1]", "[1,2]"}, {"[]", "[1,2,3]"}},
      {R"({"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":false})",
       {"[]", "[1]", "[1,\"a\"]"},
       {"[\"a\"]", "[1,2]", "[1,\"a\",1]"}},
      {R"({"type":"array","items":[{"type":"integer"}],"additionalItems":{"type":"null"}})",
       {"[]", "[1]", "[1,null,null]"},
       {"[null]", "[1,1]"}},
      {R"({"type":"array","items":[{"type":"integer"}]})", {"[1,\"a\"]", "[]"}, {"[\"a\"]"}},
      {R"({"type":"array","uniqueItems":true,"items":{"type":"integer"}})", {"[]", "[1,2]"}, {"[1,1]", "[1,2,1]"}},
      {R"({"items":{"type":"integer"}})", {"{}", "3", "[3]"}, {"[null]"}},
      {R"({"type":"array","prefixItems":[{},false]})", {"[]", "[1]"}, {"[1,2]"}},
  });
  EXPECT_NE(schema_refusal(R"({"type":"array","items":false,"minItems":1})").find("contradicts"), std::string::npos);
}

TEST(JsonSchema, Contains) {
  check_schemas({
      {R"({"type":"array","contains":{"type":"string"}})",
       {"[\"a\"]", "[1,\"a\"]", "[\"a\",1]", "[1,\"a\",2,\"b\"]"},
       {"[]", "[1]", "[1,2]"}},
      {R"({"type":"array","items":{"type":"integer"},"contains":{"minimum":10}})",
       {"[10]", "[1,12,3]"},
       {"[1]", "[\"a\",10]"}},
      {R"({"type":"array","contains":{"const":1},"minItems":2,"maxItems":3})",
       {"[1,2]", "[0,0,1]"},
       {"[1]", "[2,2]", "[0,0,0,1]"}},
      {R"({"type":"array","contains":{"const":1},"minItems":2})", {"[1,2]", "[0,0,0,1]", "[1,1]"}, {"[1]", "[2,2]"}},
      {R"({"type":"array","contains":{"const":1},"minContains":2})", {"[1,1]", "[0,1,0,1,0]"}, {"[1]", "[0,1]", "[]"}},
      {R"({"type":"array","contains":{"const":1},"maxContains":2})",
       {"[1]", "[1,0,1]"},
       {"[]", "[0]", "[1,1,1]", "[1,0,1,1]"}},
      {R"({"type":"array","contains":{"const":1},"minContains":0,"maxContains":1})",
       {"[]", "[0,0]", "[0,1,0]"},
       {"[1,1]", "[1,0,1]"}},
      {R"({"type":"array","not":{"contains":{"const":1}}})", {"[]", "[2,3]"}, {"[1]", "[2,1]"}},
      {R"({"type":"array","not":{"items":{"const":1}}})", {"[2]", "[1,2]"}, {"[]", "[1,1]"}},
  });
  EXPECT_NE(schema_refusal(R"({"type":"array","contains":{"const":1},"uniqueItems":true})").find("contains"),
            std::string::npos);
}

TEST(JsonSchema, CallNotation) {
  Notation notation;
  notation.kind = Notation::Kind::Call;
  notation.quote = 2;
  notation.only_declared = true;
  check_schemas(
      {
          {R"({"type":"object","properties":{"n":{"type":"integer"},"s":{"type":"string"}},"required":["s"],"additionalProperties":false})",
           {"{s:\xff\x02"
            "a \"b\"\n\xff\x02}",
            "{n:1,s:\xff\x02\xff\x02}"},
           {"{n:1}", "{s:a}", "{s:\"a\"}", "{ s:\xff\x02\xff\x02}"}},
          {R"({"enum":["a",1,null]})",
           {"\xff\x02"
            "a\xff\x02",
            "1", "null"},
           {"a", "\"a\"",
            "\xff\x02"
            "b\xff\x02"}},
          {R"({"type":"object","properties":{"a:b":{"type":"integer"}}})",
           {"{\xff\x02"
            "a:b\xff\x02:1}"},
           {"{a:b:1}", "{other:1}"}},
          {"true", {"{a-b:[1,{}]}", "true", "\xff\x02x\xff\x02"}, {"{\"a\":1}", "{a b:1}", "\"x\""}},
      },
      notation);
}

TEST(JsonSchema, MoreItemsThatDifferThanThereAreIsAContradiction) {
  EXPECT_EQ(schema_refusal(R"({"properties":{"a":{"items":{"enum":[1,2,3]},"minItems":4,"uniqueItems":true}},
                               "required":["a"],"type":"object"})"),
            "");
  const char* refused[] = {
      R"({"type":"array","items":{"enum":[1,2,3]},"minItems":4,"uniqueItems":true})",
      R"({"type":"array","items":{"type":["boolean","null"]},"minItems":4,"uniqueItems":true})",
      R"({"type":"array","items":{"type":"integer","minimum":1,"maximum":9},"minItems":10,"uniqueItems":true})",
      R"({"type":"array","minItems":3,"uniqueItems":true,"items":{"type":"object","additionalProperties":false,
          "required":["a"],"properties":{"a":{"type":"boolean"}}}})",
      R"({"type":"array","minItems":8,"uniqueItems":true,
          "items":{"type":"array","maxItems":2,"items":{"type":"boolean"}}})"};
  for (const char* schema : refused)
    EXPECT_EQ(schema_refusal(schema), "schema contradicts itself: there is no value that obeys all it says") << schema;
  for (std::string schema : refused) {
    const size_t at = schema.find("\"minItems\":") + 11;
    const size_t n = schema.find_first_not_of("0123456789", at) - at;
    schema.replace(at, n, std::to_string(std::stoi(schema.substr(at, n)) - 1));
    EXPECT_EQ(schema_refusal(schema), "") << schema;
  }
  const auto lists = [](const std::string& sizes, const std::string& item) {
    return schema_refusal(R"({"type":"array","minItems":2,"uniqueItems":true,"items":{"type":"array",)" + sizes +
                          R"(,"items":)" + item + "}}");
  };
  for (const char* sizes : {R"("minItems":3)", R"("minItems":3,"maxItems":3)", R"("minItems":1500)"})
    EXPECT_EQ(lists(sizes, R"({"type":"boolean"})"), "") << sizes;
  EXPECT_EQ(lists(R"("minItems":3,"maxItems":4)", R"({"const":1})"), "");
  EXPECT_NE(lists(R"("minItems":3,"maxItems":3)", R"({"const":1})"), "");
  EXPECT_EQ(schema_refusal(R"({"type":"array","minItems":1,"items":{"type":"array","items":{"const":1},
                               "uniqueItems":true,"minItems":2}})"),
            "schema at /items contradicts itself: there is no value that obeys all it says");
}

}  // namespace
}  // namespace facet::constraint
