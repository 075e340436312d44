#include "constraint/schema/schema_cases.h"

namespace facet::constraint {
namespace {

TEST(JsonSchema, TypesAreEnforced) {
  check_schemas({
      {"true",
       {"1", "\"a\"", "[1,{\"a\":[]}]", "null", "-2.5e+3", "{}"},
       {"", "tru", "[1", "01", "[1,]", "{\"a\":1,}"}},
      {"{}", {"{\"a\":{\"b\":[true,false,null]}}"}, {"{a:1}", "'a'"}},
      {R"({"type":"integer"})", {"0", "-12", "123456789012345678901234567890"}, {"1.5", "01", "\"1\"", "true", "-"}},
      {R"({"type":"number"})", {"0", "-1.25", "1e5", "2E-3"}, {"1.", ".5", "+1", "null", "NaN"}},
      {R"({"type":"boolean"})", {"true", "false"}, {"null", "0", "\"true\"", "True"}},
      {R"({"type":"null"})", {"null"}, {"false", "0", "\"\""}},
      {R"({"type":"string"})",
       {"\"\"", "\"a b\"", "\"\\n\\\"\\u00e9\\/\"", "\"\xc3\xa9\xf0\x9f\x98\x80\""},
       {"a", "\"a", "\"\n\"", "\"\\x\"", "\"\\ud800\"", "\"\xff\""}},
      {R"({"type":["string","null"]})", {"\"a\"", "null"}, {"1", "[]"}},
      {R"({"type":"string","nullable":true})", {"\"a\"", "null"}, {"1"}},
      {R"({"type":"array"})", {"[]", "[1,\"a\",[]]"}, {"{}", "[,]", "[1 ,2]"}},
      {R"({"type":"object"})", {"{}", "{\"a\":1,\"b\":{}}"}, {"[]", "{\"a\"}"}},
  });
}

TEST(JsonSchema, EnumAndConst) {
  check_schemas({
      {R"({"enum":["a","b\n",1,null,true]})", {"\"a\"", "\"b\\n\"", "1", "1", "null", "true"}, {"\"c\"", "2", "false"}},
      {R"({"const":1.0})", {"1", "1.0"}, {"1.1", "\"1\"", "true"}},
      {R"({"const":{"a":[1,{"b":null}]}})",
       {"{\"a\":[1,{\"b\":null}]}"},
       {"{}", "{\"a\":[1]}", "{\"a\":[1,{\"b\":null},2]}"}},
      {R"({"const":{"a":1,"b":2}})",
       {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"},
       {"{\"a\":1}", "{\"a\":1,\"b\":2,\"c\":3}"}},
      {R"({"enum":[[],[1,2],{}]})", {"[]", "[1,2]", "{}"}, {"[1]", "[2,1]", "[1,2,3]", "{\"a\":1}"}},
      {R"({"enum":["a","bb","ccc",4],"type":"string","maxLength":2})", {"\"a\"", "\"bb\""}, {"\"ccc\"", "4"}},
      {R"({"enum":[1,2.5,7],"minimum":2,"type":"number"})", {"2.5", "7"}, {"1"}},
      {R"({"enum":[1,2.5,7],"type":"integer"})", {"1", "7"}, {"2.5"}},
      {R"({"allOf":[{"enum":["a","b","c"]},{"enum":["b","c","d"]}],"not":{"const":"c"}})",
       {"\"b\""},
       {"\"a\"", "\"c\"", "\"d\""}},
      {R"({"enum":["pear","plum","fig"],"pattern":"^p"})", {"\"pear\"", "\"plum\""}, {"\"fig\""}},
  });
}

TEST(JsonSchema, Numbers) {
  check_schemas({
      {R"({"type":"integer","minimum":-3,"exclusiveMaximum":12})", {"-3", "0", "11"}, {"-4", "12", "100"}},
      {R"({"type":"integer","minimum":3,"exclusiveMinimum":true})", {"4", "10"}, {"3", "-4"}},
      {R"({"type":"number","minimum":0.5,"maximum":1.5})", {"0.5", "1", "1.25", "1.5"}, {"0.4", "1.51", "2", "-1"}},
      {R"({"type":"integer","multipleOf":5})", {"0", "15", "-20"}, {"1", "12"}},
      {R"({"minimum":5})", {"5", "\"a\"", "null", "[]"}, {"4"}},
      {R"({"allOf":[{"minimum":5},{"minimum":7,"maximum":20},{"maximum":9}],"type":"integer"})",
       {"7", "9"},
       {"6", "10"}},
      {R"({"allOf":[{"multipleOf":2},{"multipleOf":3}],"type":"integer"})", {"6", "0", "12"}, {"2", "3", "4"}},
      {R"({"type":"integer","not":{"enum":[1,2]}})", {"0", "3", "12"}, {"1", "2"}},
      {R"({"type":"integer","not":{"multipleOf":2}})", {"1", "3"}, {"0", "4"}},
      {R"({"type":"number","not":{"type":"integer"}})", {"1.5", "-0.25"}, {"1", "1.0"}},
  });
}

TEST(JsonSchema, Strings) {
  check_schemas({
      {R"({"type":"string","minLength":2,"maxLength":3})",
       {"\"ab\"", "\"\xc3\xa9\xc3\xa9\xc3\xa9\"", "\"\\n\\u0041\""},
       {"\"a\"", "\"abcd\""}},
      {R"({"type":"string","pattern":"b+"})", {"\"abba\"", "\"b\""}, {"\"a\"", "\"\""}},
      {R"({"type":"string","pattern":"^[a-z]+$"})", {"\"abc\""}, {"\"aBc\"", "\"\""}},
      {R"({"pattern":"^\"$","type":"string"})", {"\"\\\"\""}, {"\"\"\""}},
      {R"({"allOf":[{"pattern":"^a"},{"pattern":"z$"}],"type":"string","maxLength":3})",
       {"\"az\"", "\"abz\""},
       {"\"a\"", "\"abbz\""}},
      {R"({"type":"string","not":{"pattern":"^a"}})", {"\"b\"", "\"\""}, {"\"ab\""}},
      {R"({"type":"string","not":{"enum":["a","b"]}})", {"\"c\"", "\"ab\"", "\"\""}, {"\"a\"", "\"b\""}},
      {R"({"type":"string","format":"date"})", {"\"2024-02-29\""}, {"\"2024-13-01\"", "\"today\""}},
      {R"({"type":"string","format":"colour"})", {"\"red\""}, {"1"}},
      {R"({"pattern":"^a$"})", {"\"a\"", "1", "{}"}, {"\"b\""}},
  });
}

TEST(JsonSchema, ALongEnumIsOneExpression) {
  std::string schema = R"({"enum":[)";
  for (int i = 0; i < 10'000; ++i) schema += (i == 0 ? "\"entry " : ",\"entry ") + std::to_string(i * 7) + "\"";
  const auto grammar = grammar_of_schema(schema + "]}");
  EXPECT_TRUE(allows(grammar, "\"entry 69993\""));
  EXPECT_FALSE(allows(grammar, "\"entry 69994\""));
  EXPECT_LT(grammar->n_states(), 100u);
}

TEST(JsonSchema, WhiteSpaceAsAsked) {
  constexpr std::string_view kSchema = R"({"properties":{"a":{"type":"array"}},"type":"object"})";
  Notation notation;
  notation.white_space = WhiteSpace::Spaced;
  check_schemas({{kSchema, {R"({"a": [1, 2], "b": {}})"}, {R"({"a":[1, 2]})", R"({"a": [1,2]})", R"({ "a": [1, 2]})"}}},
                notation);
  notation.white_space = WhiteSpace::Flexible;
  check_schemas(
      {{kSchema, {R"({"a":[1,2]})", "{\n\t\"a\" : [ 1,\r\n2 ]\n}", "{ }"}, {R"({"a":[1 2]})", R"({"a b":[1.  5]})"}}},
      notation);
}

TEST(JsonSchema, ValuesThatCannotBeAreRefusedByPath) {
  EXPECT_EQ(schema_refusal(R"({"properties":{"a":{"type":"strange"}}})"),
            "schema at /properties/a/type: found \"strange\", which is no type of JSON Schema");
  EXPECT_NE(schema_refusal(R"({"type":"string","minLength":-1})").find("/minLength: found -1"), std::string::npos);
  EXPECT_NE(schema_refusal(R"({"items":{"pattern":"(a"}})").find("/items/pattern"), std::string::npos);
  EXPECT_NE(schema_refusal(R"({"type":"string","minLength":3,"maxLength":2})").find("contradicts itself"),
            std::string::npos);
  EXPECT_NE(schema_refusal(R"({"type":"integer","minimum":3,"maximum":2})").find("contradicts itself"),
            std::string::npos);
  EXPECT_EQ(schema_refusal(
                R"({"type":"object","required":["a"],"properties":{"a":{"allOf":[{},{"enum":["x"],"minLength":2}]}}})"),
            "schema at /properties/a/allOf/1 contradicts itself: there is no value that obeys all it says");
  EXPECT_NE(schema_refusal("false").find("contradicts itself"), std::string::npos);
  EXPECT_NE(schema_refusal("[]").find("expected an object, true or false"), std::string::npos);
}

TEST(JsonSchema, NotesSayWhatIsEnforcedAndWhatIsNot) {
  Grammar grammar;
  SchemaNotes notes;
  const auto schema = SchemaJson::parse(
      R"({"title":"T","type":"object","properties":{"a":{"format":"colour","minLength":1},"b":{"required":true,"x-y":1}}})");
  add_schema(grammar, schema, {}, &notes);
  EXPECT_EQ(notes.enforced, (std::vector<std::string>{"minLength", "properties", "type"}));
  EXPECT_TRUE(notes.inexact.empty());
  EXPECT_EQ(notes.annotations, (std::vector<std::string>{"/title", "/properties/a/format", "/properties/b/required",
                                                         "/properties/b/x-y"}));
}

TEST(JsonSchema, NotesSayWhichUniqueItemsMayRunOut) {
  Grammar grammar;
  SchemaNotes notes;
  add_schema(grammar, SchemaJson::parse(R"({"properties":{
    "flags":{"uniqueItems":true,"items":{"type":"object","properties":{"a":{"type":"boolean"}},"additionalProperties":false}},
    "halves":{"uniqueItems":true,"items":{"type":"number","multipleOf":0.5}},
    "names":{"uniqueItems":true,"items":{"type":"string"}}, "dice":{"uniqueItems":true,"items":{"enum":[1,2,3]}},
    "people":{"uniqueItems":true,"items":{"type":"object","properties":{"name":{"type":"string"}}}}}})"),
             {}, &notes);
  EXPECT_EQ(notes.inexact,
            (std::vector<std::string>{"/properties/flags/uniqueItems", "/properties/halves/uniqueItems"}));
}

}  // namespace
}  // namespace facet::constraint
