#include "constraint/calls/call_grammar.h"

#include <gtest/gtest.h>

#include "constraint/schema/schema_cases.h"

namespace facet::constraint {
namespace {

constexpr std::string_view kTools = R"([
  {"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{
    "city":{"type":"string"},"days":{"type":"integer","nullable":true},"unit":{"type":"string","enum":["C","F"]}},
    "required":["city"],"additionalProperties":false}}},
  {"type":"function","function":{"name":"stop"}}])";

// "<", ">" and "'" stand for the three control tokens.
std::string with_controls(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const size_t i = std::string_view("<>'").find(c);
    if (i == std::string_view::npos)
      out += c;
    else
      out += {static_cast<char>(kControlByte), static_cast<char>(i)};
  }
  return out;
}

struct AnswerCase {
  CallOptions::Choice choice;
  bool parallel;
  std::vector<std::string_view> good, bad;
};

std::shared_ptr<const CompiledGrammar> answer_grammar(std::string_view tools, const CallOptions& options) {
  Grammar grammar;
  grammar.set_root(add_calls(grammar, SchemaJson::parse(tools), options));
  return std::make_shared<const CompiledGrammar>(std::move(grammar));
}

TEST(CallGrammar, ChoiceSaysWhatAnAnswerIs) {
  using Choice = CallOptions::Choice;
  const std::vector<AnswerCase> cases = {
      {Choice::Auto,
       true,
       {"", "It rains.\n", "<call:weather{city:'Rome'}>", "Let me see. <call:stop{}><call:weather{city:'a'}> Done."},
       {"<call:weather{}>", "<call:weather{city:'Rome'}", "<call:other{}>", "< call:stop{}>", "<stop{}>"}},
      {Choice::Auto, false, {"", "text", "text<call:stop{}>"}, {"<call:stop{}><call:stop{}>", "<call:stop{}>text"}},
      {Choice::None, true, {"", "text call:stop{}"}, {"<call:stop{}>"}},
      {Choice::Required,
       true,
       {"<call:stop{}>", "<call:stop{}><call:weather{city:''}>"},
       {"", "a<call:stop{}>", "<call:stop{}>a"}},
      {Choice::Required, false, {"<call:stop{}>"}, {"", "<call:stop{}><call:stop{}>"}},
      {Choice::Named, true, {"<call:weather{city:'x'}>"}, {"<call:stop{}>", ""}},
  };
  for (const AnswerCase& c : cases) {
    const auto grammar = answer_grammar(kTools, {c.choice, "weather", c.parallel, {}});
    for (const std::string_view text : c.good) EXPECT_TRUE(allows(grammar, with_controls(text))) << "good: " << text;
    for (const std::string_view text : c.bad) EXPECT_FALSE(allows(grammar, with_controls(text))) << "bad: " << text;
  }
}

TEST(CallGrammar, ArgumentsObeyTheirSchemas) {
  const auto grammar = answer_grammar(kTools, {CallOptions::Choice::Required, "", true, {}});
  for (const std::string_view text :
       {"{city:'any \"text\", {with} all'}", "{unit:'C',city:'x'}", "{city:'x',days:null}", "{city:'x',days:-3}"})
    EXPECT_TRUE(allows(grammar, with_controls("<call:weather" + std::string(text) + ">"))) << text;
  for (const std::string_view text : {"{city:x}", "{city:\"x\"}", "{city:'x',days:1.5}", "{city:'x',unit:'K'}",
                                      "{city:'x',city:'y'}", "{city:'x',zip:1}", "{city:'x',}", "{city: 'x'}"})
    EXPECT_FALSE(allows(grammar, with_controls("<call:weather" + std::string(text) + ">"))) << text;
  EXPECT_FALSE(allows(grammar, with_controls("<call:stop{any:1}>"))) << "it declares no parameters";
}

TEST(CallGrammar, FreeArgumentsAreAskedFor) {
  const auto grammar = answer_grammar(
      R"([{"function":{"name":"f","parameters":{"type":"object","additionalProperties":true}}},
          {"function":{"name":"g","parameters":{"type":"object","properties":{}}}}])",
      {CallOptions::Choice::Required, "", true, {}});
  EXPECT_TRUE(allows(grammar, with_controls("<call:f{any:[1,{deep:'x'}]}>")));
  EXPECT_TRUE(allows(grammar, with_controls("<call:g{}>")));
  EXPECT_FALSE(allows(grammar, with_controls("<call:g{any:1}>")));
}

TEST(CallGrammar, KeysAreWrittenAsReadersTakeThem) {
  const auto grammar = answer_grammar(
      R"([{"function":{"name":"f","parameters":{"properties":{"a:b":{"type":"integer"},"c d":{"type":"integer"},
          "e":{"type":"integer"}}}}},
          {"function":{"name":"g","parameters":{"properties":{"e":{}},"additionalProperties":{"type":"integer"}}}}])",
      {CallOptions::Choice::Required, "", true, {}});
  for (const std::string_view text : {"f{'a:b':1,e:2,'c d':3}", "f{}", "g{other-one:1}"})
    EXPECT_TRUE(allows(grammar, with_controls("<call:" + std::string(text) + ">"))) << text;
  for (const std::string_view text : {"f{a:b:1}", "f{c d:3}", "f{'e':2}", "g{a*b:1}", "g{1a:1}"})
    EXPECT_FALSE(allows(grammar, with_controls("<call:" + std::string(text) + ">"))) << text;
  EXPECT_FALSE(allows(grammar, with_controls("<call:f{other:1}>"))) << "not declared, and not spoken of";
}

TEST(CallGrammar, JsonIsOneCallOrAListOrText) {
  using Choice = CallOptions::Choice;
  const std::string weather = R"({"name":"weather","parameters":{"city":"Rome"}})";
  const std::string stop = R"({"name":"stop","parameters":{}})";
  const auto grammar = [](Choice choice, bool parallel) {
    return answer_grammar(kTools, {choice, "weather", parallel, {}, CallOptions::Form::Json});
  };
  for (const bool parallel : {false, true}) {
    const std::string list = "[" + stop + "," + weather + "]";
    for (const Choice choice : {Choice::Auto, Choice::Required}) {
      const bool may_be_text = choice == Choice::Auto;
      EXPECT_TRUE(allows(grammar(choice, parallel), weather));
      EXPECT_EQ(allows(grammar(choice, parallel), list), parallel);
      for (const char* text : {"", "It rains.", "{}", "[1]", "{\"names\":1}", "see {\"name\":1}", " \"name\""})
        EXPECT_EQ(allows(grammar(choice, parallel), text), may_be_text) << text;
      for (const std::string& text :
           {weather + " ", weather + stop, "[" + weather, std::string(R"({ "name":"other")"),
            std::string(R"({"name":"weather","parameters":{}})"), std::string(R"([ {"name":)"),
            std::string(R"({"name":"stop","parameters":{"a":1}})")})
        EXPECT_FALSE(allows(grammar(choice, parallel), text)) << text;
    }
    EXPECT_TRUE(allows(grammar(Choice::Named, parallel), weather));
    EXPECT_FALSE(allows(grammar(Choice::Named, parallel), stop));
    EXPECT_FALSE(allows(grammar(Choice::None, parallel), "\xff\x01"));
  }
}

std::string call_refusal(std::string_view tools, const CallOptions& options = {}) {
  try {
    answer_grammar(tools, options);
    return "";
  } catch (const RequestError& e) {
    return e.what();
  }
}

TEST(CallGrammar, WhatCannotBeWrittenIsRefusedByName) {
  const auto has = [](const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; };
  EXPECT_TRUE(has(call_refusal(R"([{"function":{"name":"f","parameters":{"type":"string"}}}])"),
                  "function \"f\": schema contradicts itself"));
  EXPECT_TRUE(has(call_refusal(R"([{"function":{"name":"f{"}}])"), "tools[0]: the name \"f{\""));
  EXPECT_TRUE(
      has(call_refusal(R"([{"function":{"name":"f"}},{"function":{"name":"f"}}])"), "two functions named \"f\""));
  EXPECT_TRUE(has(call_refusal(R"([{"name":"f"}])"), "tools[0]: expected"));
  EXPECT_TRUE(has(call_refusal(kTools.data(), {CallOptions::Choice::Named, "missing", true, {}}), "\"missing\""));
  EXPECT_TRUE(has(call_refusal("[]", {CallOptions::Choice::Required, "", true, {}}), "any function"));
}

}  // namespace
}  // namespace facet::constraint
