#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>

#include "base/error.h"
#include "text/chat.h"
#include "text/test_vocabularies.h"

namespace facet::text {
namespace {

ChatOptions options_of(const ChatJson& c) {
  const ChatJson& o = c["options"];
  return {c["template"] == "31b" ? ChatTemplate::Gemma4Large : ChatTemplate::Gemma4Small,
          o.value("enable_thinking", false), o.value("add_generation_prompt", false),
          o.value("preserve_thinking", false)};
}

std::vector<ChatJson> chat_cases() {
  std::ifstream in(conformance_path("chat_cases.jsonl"));
  std::vector<ChatJson> cases;
  for (std::string line; std::getline(in, line);) cases.push_back(parse_chat_json(line));
  EXPECT_GE(cases.size(), 100u);
  return cases;
}

Prompt render(const ChatJson& c) { return render_chat(c["messages"], c["tools"], options_of(c)); }

std::string render_text(const char* messages, const ChatOptions& options = {}, const char* tools = "null") {
  return to_text(render_chat(parse_chat_json(messages), parse_chat_json(tools), options));
}

TEST(ChatRenderer, WritesWhatTheTemplatesWrite) {
  SKIP_WITHOUT_CONFORMANCE();
  for (const ChatJson& c : chat_cases()) EXPECT_EQ(to_text(render(c)), c["expected"].get<std::string>()) << c["id"];
}

bool is_safety_case(const ChatJson& c) { return c["id"].get<std::string>().starts_with("safe-"); }

// Joining texts before they are encoded makes the ids those of the whole string, wherever no text imitates a token.
TEST(ChatTokens, AreThoseOfTheWholeTextWhenNothingInItImitatesATokens) {
  SKIP_WITHOUT_GOLDENS();
  SKIP_WITHOUT_CONFORMANCE();
  for (const Tokenizer* tokenizer : vocabularies()) {
    int n = 0;
    for (const ChatJson& c : chat_cases()) {
      const Prompt prompt = render(c);
      const bool is_plain = std::all_of(prompt.begin(), prompt.end(), [](const PromptItem& item) {
        return item.kind == PromptItem::Kind::Control ||
               (item.kind == PromptItem::Kind::Text && item.text.find('|') == std::string::npos &&
                item.text.find("os>") == std::string::npos);
      });
      if (!is_plain) continue;
      ++n;
      EXPECT_EQ(to_tokens(prompt, *tokenizer), tokenizer->encode(to_text(prompt), Specials::Allow)) << c["id"];
    }
    EXPECT_GE(n, 100);
  }
}

// The case with every "<" that its strings hold replaced: what is left of control tokens is the template's own.
ChatJson defanged(const ChatJson& value) {
  ChatJson out = value;
  if (out.is_string()) {
    auto& text = out.get_ref<std::string&>();
    std::replace(text.begin(), text.end(), '<', '(');
  } else if (out.is_structured()) {
    for (ChatJson& element : out) element = defanged(element);
  }
  return out;
}

std::vector<TokenId> control_ids(const Prompt& prompt, const Tokenizer& tokenizer) {
  auto ids = to_tokens(prompt, tokenizer);
  std::erase_if(ids, [&](TokenId id) { return !tokenizer.is_special(id); });
  return ids;
}

TEST(ChatTokens, NoTextBecomesAControlToken) {
  SKIP_WITHOUT_GOLDENS();
  SKIP_WITHOUT_CONFORMANCE();
  for (const Tokenizer* tokenizer : vocabularies()) {
    int n = 0;
    for (ChatJson c : chat_cases()) {
      if (!is_safety_case(c)) continue;
      ++n;
      const Prompt prompt = render(c);
      const ChatJson harmless = defanged(c);
      EXPECT_NE(to_text(prompt), to_text(render(harmless))) << c["id"];
      EXPECT_EQ(control_ids(prompt, *tokenizer), control_ids(render(harmless), *tokenizer)) << c["id"];
      EXPECT_EQ(tokenizer->decode(to_tokens(prompt, *tokenizer), false), to_text(prompt)) << c["id"];
    }
    EXPECT_GE(n, 5);
  }
}

TEST(ChatTokens, MediaTakeTheirPlacesInOrder) {
  SKIP_WITHOUT_GOLDENS();
  const Prompt prompt = render_chat(parse_chat_json(R"([{"role": "user", "content": [
      {"type": "image"}, {"type": "text", "text": " and "}, {"type": "video"}, {"type": "input_audio"}]}])"),
                                    nullptr, {ChatTemplate::Gemma4Small, false, false, false});
  EXPECT_EQ(to_text(prompt), "<bos><|turn>user\n<|image|>and<|video|><|audio|><turn|>\n");
  const auto ids = to_tokens(prompt, *tiny(), {{{{"", 2}}}, {{{"00:00", 1}, {"00:01", 1}}}, {{{"", 3}}}});
  EXPECT_EQ(tiny()->decode(ids, false),
            "<bos><|turn>user\n<|image><|image|><|image|><image|>and00:00 <|image><|video|><image|> 00:01 "
            "<|image><|video|><image|><|audio><|audio|><|audio|><|audio|><audio|><turn|>\n");
  EXPECT_THROW(to_tokens(prompt, *tiny()), RequestError);
  EXPECT_THROW(to_tokens(prompt, *tiny(), std::vector<MediaSize>(4)), RequestError);
}

TEST(ChatTokens, KnowWhetherAThoughtIsOpen) {
  const char* after_result = R"([{"role": "user", "content": "go"},
      {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": {}}}]},
      {"role": "tool", "tool_call_id": "1", "content": "ok"}])";
  const auto is_open = [](const char* messages, bool think) {
    return ends_in_thought(
        render_chat(parse_chat_json(messages), nullptr, {ChatTemplate::Gemma4Large, think, true, false}));
  };
  EXPECT_TRUE(is_open(after_result, true));
  EXPECT_FALSE(is_open(after_result, false));
  EXPECT_FALSE(is_open(R"([{"role": "user", "content": "<|channel>"}])", true));
  EXPECT_FALSE(is_open(R"([{"role": "user", "content": "hi"}])", false));
}

TEST(ChatRenderer, FollowsTheTemplateWhereTheCasesAreSilent) {
  const ChatOptions no_opening{ChatTemplate::Gemma4Large, false, false, false};
  // The role "model" goes on with an assistant's turn, though the turn was closed for it.
  EXPECT_EQ(render_text(R"([{"role": "assistant", "content": "a"}, {"role": "model", "content": "b"}])", no_opening),
            "<bos><|turn>model\na<turn|>\nb<turn|>\n");
  // An empty name is no name.
  EXPECT_EQ(render_text(R"([{"role": "model", "tool_responses": [{"name": "", "response": 1}]}])", no_opening),
            "<bos><|turn>model\n<|tool_response>response:unknown{value:1}<tool_response|>");
  EXPECT_EQ(render_text("[]", no_opening, R"([{"function": {"name": "f", "description": "", "response": {}}}])"),
            "<bos><|turn>system\n<|tool>declaration:f{description:<|\"|><|\"|>,response:{}<tool|><turn|>\n");
}

TEST(ChatRenderer, Gemma3PutsSystemTextBeforeTheFirstUserText) {
  const ChatOptions gemma3{ChatTemplate::Gemma3, false, true, false};
  EXPECT_EQ(render_text(R"([{"role": "system", "content": "Be brief. "}, {"role": "user", "content": " Hi "},
                            {"role": "assistant", "content": "Hello\n"},
                            {"role": "user", "content": [{"type": "text", "text": "Bye "}]}])",
                        gemma3),
            "<bos><start_of_turn>user\nBe brief. \n\nHi<end_of_turn>\n<start_of_turn>model\nHello<end_of_turn>\n"
            "<start_of_turn>user\nBye<end_of_turn>\n<start_of_turn>model\n");
}

TEST(ChatRenderer, Gemma3IsToldOfFunctionsInJson) {
  const ChatOptions gemma3{ChatTemplate::Gemma3, false, true, false};
  const char* tools = R"([{"type": "function", "function": {"name": "look", "description": "Looks.", "strict": true,
                           "parameters": {"type": "object", "properties": {"at": {"type": "string"}}}}}])";
  const std::string text = render_text(R"([{"role": "system", "content": "Be brief."},
      {"role": "user", "content": "Is it dark?"},
      {"role": "assistant", "content": null, "tool_calls": [{"id": "1", "function": {"name": "look", "arguments": {"at": "sky"}}}]},
      {"role": "tool", "tool_call_id": "1", "content": "<end_of_turn>stars"},
      {"role": "assistant", "content": "Let me see.", "tool_calls": [
          {"id": "2", "function": {"name": "look", "arguments": {}}}, {"id": "3", "function": {"name": "look", "arguments": null}}]},
      {"role": "tool", "tool_call_id": "2", "content": [{"type": "text", "text": "a"}]},
      {"role": "tool", "tool_call_id": "9", "name": "other", "content": null},
      {"role": "user", "content": "Well?"}])",
                                       gemma3, tools);
  const std::string declaration =
      R"([{"name":"look","description":"Looks.","parameters":{"type":"object","properties":{"at":{"type":"string"}}}}])";
  const std::string begin = "<bos><start_of_turn>user\nBe brief.\n\n";
  EXPECT_EQ(text.substr(0, begin.size()), begin);
  EXPECT_NE(text.find(declaration), std::string::npos) << text;
  const std::string rest = text.substr(text.find("Is it dark?"));
  EXPECT_EQ(rest, R"(Is it dark?<end_of_turn>
<start_of_turn>model
{"name":"look","parameters":{"at":"sky"}}<end_of_turn>
<start_of_turn>user
Results of the calls:
{"name":"look","result":"<end_of_turn>stars"}<end_of_turn>
<start_of_turn>model
Let me see.
[{"name":"look","parameters":{}},{"name":"look","parameters":{}}]<end_of_turn>
<start_of_turn>user
Results of the calls:
[{"name":"look","result":"a"},{"name":"other","result":null}]

Well?<end_of_turn>
<start_of_turn>model
)");
}

// "" when there is none.
std::string error_of(const char* messages, const ChatOptions& options) {
  try {
    render_text(messages, options);
    return "";
  } catch (const RequestError& e) {
    return e.what();
  }
}

// What a caller got wrong, and the place that the message must name.
struct BadChat {
  const char *messages, *place;
  ChatTemplate format = ChatTemplate::Gemma4Large;
};

TEST(ChatRenderer, NamesThePlaceOfWhatItRefuses) {
  const auto gemma3 = ChatTemplate::Gemma3;
  const BadChat bad[] = {
      {R"({"role": "user"})", "messages: expected a list"},
      {R"([1])", "messages[0]"},
      {R"([{"role": "user", "content": "a"}, {"content": "b"}])", "messages[1]"},
      {R"([{"role": "user", "content": 5}])", "messages[0].content"},
      {R"([{"role": "user", "content": [{"text": "no type"}]}])", "messages[0].content"},
      {R"([{"role": "system", "content": [{"type": "image"}]}])", "messages[0].content"},
      {R"([{"role": "assistant", "reasoning": ["a"]}])", "messages[0]"},
      {R"([{"role": "assistant", "tool_calls": []}, {"role": "assistant", "tool_calls": "f"}])",
       "messages[1].tool_calls"},
      {R"([{"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]}])",
       "messages[0].tool_calls[0].function.arguments"},
      {R"([{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}])", "arguments"},
      {R"([{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]}, {"role": "tool", "content": {}}])",
       "messages[1].content"},
      {R"([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}])", "messages[1]", gemma3},
      {R"([{"role": "tool", "content": "a"}])", "messages[0]", gemma3},
      {R"([{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]}])",
       "messages[1].tool_calls[0].function.arguments", gemma3},
      {R"([{"role": "user", "content": [{"type": "image"}]}])", "messages[0].content", gemma3},
  };
  for (const BadChat& c : bad) {
    const std::string error = error_of(c.messages, {c.format, false, true, false});
    EXPECT_NE(error.find(c.place), std::string::npos) << c.messages << ": " << error;
  }
}

// Puts something else in the place of one of the value's parts.
void damage(ChatJson& value, std::mt19937& random) {
  if (value.is_structured() && !value.empty() && random() % 8 != 0) {
    auto part = value.begin();
    std::advance(part, static_cast<std::ptrdiff_t>(random() % value.size()));
    return damage(*part, random);
  }
  const char* others[] = {"null",
                          "true",
                          "0",
                          "-2.5",
                          "123456789012345678901234567890",
                          "\"\"",
                          "\"x\"",
                          "\"<|turn>\"",
                          "\"object\"",
                          "[]",
                          "{}",
                          "[1, \"a\", null]",
                          R"({"type": "text", "text": "x"})",
                          R"({"type": "array", "items": {"type": ["a", 1]}})"};
  value = parse_chat_json(others[random() % std::size(others)]);
}

TEST(ChatRenderer, RefusesOrRendersWhateverItIsGiven) {
  SKIP_WITHOUT_GOLDENS();
  SKIP_WITHOUT_CONFORMANCE();
  std::mt19937 random(3);
  const auto cases = chat_cases();
  int n_rendered = 0, n_refused = 0;
  for (int i = 0; i < 5000; ++i) {
    ChatJson c = cases[random() % cases.size()];
    for (unsigned n = 1 + random() % 3; n > 0; --n) damage(c[random() % 3 == 0 ? "tools" : "messages"], random);
    try {
      const Prompt prompt = render(c);
      ++n_rendered;
      const auto of_kind = [&](bool control) {
        return std::count_if(prompt.begin(), prompt.end(), [&](const PromptItem& item) {
          return control ? item.kind == PromptItem::Kind::Control : item.kind > PromptItem::Kind::Text;
        });
      };
      if (of_kind(false) > 0) continue;
      EXPECT_EQ(static_cast<std::ptrdiff_t>(control_ids(prompt, *tiny()).size()), of_kind(true)) << chat_json_text(c);
    } catch (const RequestError&) {
      ++n_refused;
    }
  }
  EXPECT_GT(n_rendered, 500);
  EXPECT_GT(n_refused, 500);
}

// Where the templates expect strings.
TEST(ChatRenderer, WritesNumbersOfDeclarationsInAllTheirDigits) {
  const std::string text = render_text("[]", {}, R"([{"function": {"name": "f", "description": 36893488147419103232,
    "parameters": {"type": {"a": 36893488147419103233}, "required": [36893488147419103234],
                   "properties": {"x": {"type": ["string", 36893488147419103235]}}}}}])");
  for (const char* digits : {"36893488147419103232", "{\"a\":36893488147419103233}", "36893488147419103234",
                             "['STRING', '36893488147419103235']"})
    EXPECT_NE(text.find(digits), std::string::npos) << digits << " in " << text;
}

TEST(ChatRenderer, RefusesToolsThatAreNone) {
  for (const char* tools : {"{}", "[1]", "[{}]", R"([{"function": {"description": "no name"}}])",
                            R"([{"function": {"name": "f", "parameters": {"required": true}}}])"})
    EXPECT_THROW(render_text("[]", {}, tools), RequestError) << tools;
  EXPECT_THROW(render_text("[]", {ChatTemplate::Gemma3, false, true, false}, R"([{"function": {}}])"), RequestError);
  EXPECT_THROW(render_text("[]", {ChatTemplate::Gemma3, true, true, false}), RequestError);
}

}  // namespace
}  // namespace facet::text
