#include "server/grammars.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "runtime/output_rules.h"
#include "server/api_error.h"

namespace facet::server {
namespace {

GenerationRequest with_tools() {
  GenerationRequest request;
  request.tools = Json::parse(R"([{"type": "function", "function": {"name": "f", "parameters":
      {"type": "object", "properties": {"n": {"type": "integer"}}}}}, {"type": "function", "function": {"name": "g"}}])");
  return request;
}

std::string grammar_refusal(const GenerationRequest& request) {
  Grammars grammars(constraint::CallOptions::Form::Tokens);
  try {
    grammars.find(request);
  } catch (const ApiError& e) {
    EXPECT_EQ(e.status(), 400);
    return e.what();
  }
  return "";
}

TEST(Grammars, AreCompiledOnceForAllThatAskTheSame) {
  Grammars grammars(constraint::CallOptions::Form::Tokens);
  EXPECT_EQ(grammars.find({}), nullptr);
  const auto first = grammars.find(with_tools());
  EXPECT_NE(first, nullptr);
  EXPECT_EQ(grammars.find(with_tools()), first);
  GenerationRequest required = with_tools();
  required.tool_choice.kind = ToolChoice::Kind::Required;
  EXPECT_NE(grammars.find(required), first);
  GenerationRequest none = with_tools();
  none.tool_choice.kind = ToolChoice::Kind::None;
  EXPECT_EQ(grammars.find(none), nullptr);
}

TEST(Grammars, ForgetWhatWasNotUsedForLong) {
  Grammars grammars(constraint::CallOptions::Form::Tokens, 1);
  const std::weak_ptr<const constraint::CompiledGrammar> first = grammars.find(with_tools());
  EXPECT_FALSE(first.expired());  // the last one stays
  GenerationRequest other;
  other.format = {OutputFormat::Kind::Choice, {}, {}, {"a", "b"}};
  grammars.find(other);
  EXPECT_TRUE(first.expired());
}

TEST(Grammars, WhatIsWrongIsNamed) {
  GenerationRequest request = with_tools();
  request.tool_choice = {ToolChoice::Kind::Named, "h", {}};
  EXPECT_EQ(grammar_refusal(request), "tool_choice: the function 'h' is not among the declared ones");
  request.tool_choice = {ToolChoice::Kind::Required, {}, {}};
  request.tools = nullptr;
  EXPECT_EQ(grammar_refusal(request), "tool_choice: a call is required, and no function is declared");
  GenerationRequest schema;
  schema.format.kind = OutputFormat::Kind::Schema;
  schema.format.schema = Json::parse(R"({"type": "nonsense"})");
  EXPECT_TRUE(grammar_refusal(schema).starts_with("response_format: ")) << grammar_refusal(schema);
  GenerationRequest regex;
  regex.format = {OutputFormat::Kind::Regex, {}, "(", {}};
  EXPECT_TRUE(grammar_refusal(regex).starts_with("regex: ")) << grammar_refusal(regex);
}

TEST(Grammars, NothingIsLeftToLookForWhenAnAnswerBegins) {
  constexpr const char* kModel = "models/nano/nano-q8_0.gguf";
  if (!std::filesystem::exists(kModel)) GTEST_SKIP() << "models/nano is not in this checkout";
  runtime::EngineOptions options;
  options.n_threads = 1;
  options.context = 512;
  const auto engine = runtime::Engine::load(kModel, options);
  GenerationRequest request = with_tools();
  request.tool_choice.kind = ToolChoice::Kind::Required;
  const SharedGrammar grammar = Grammars(constraint::CallOptions::Form::Tokens).find(request);
  const size_t compiled = grammar->n_states();
  look_ahead(grammar, *engine);
  const size_t seen = grammar->n_states();
  EXPECT_GT(seen, compiled);
  runtime::OutputRules rules;
  rules.grammar = grammar;
  rules.is_chat = true;
  rules.thought = runtime::OutputRules::Thought::Allowed;
  const runtime::OutputGuide guide(rules, *engine, 400);
  EXPECT_EQ(grammar->n_states(), seen);
}

}  // namespace
}  // namespace facet::server
