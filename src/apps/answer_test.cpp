#include "apps/answer.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/test_data.h"

namespace facet::apps {
namespace {

struct Shown {
  std::string out, err;
  nlohmann::ordered_json json;
  runtime::FinishReason finish;
};

class Answer : public testing::Test {
 protected:
  void SetUp() override {
    const std::string folder = golden_path("checkpoints/tiny-e2b");
    SKIP_WITHOUT_GOLDENS();
    runtime::EngineOptions options;
    options.context = 64;
    engine_ = runtime::Engine::load(folder, options);
  }

  // What is shown when the model writes `text`, in which control tokens are spelled out.
  Shown show(const Prompt& prompt, const std::string& text, bool print = true,
             runtime::FinishReason finish = runtime::FinishReason::Stop, const std::vector<std::string>& stop = {}) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    AnswerPrinter printer(*engine_, prompt, stop, print);
    runtime::GenerateResult result;
    result.finish = finish;
    text::Detokenizer detokenizer(engine_->tokenizer(), false);
    const auto& stops = engine_->defaults().stop_tokens;
    bool goes_on = true;
    for (const auto token : engine_->tokenizer().encode(text, text::Specials::Allow)) {
      if (!goes_on || result.stop_token) break;
      if (std::find(stops.begin(), stops.end(), token) != stops.end())
        result.stop_token = token;
      else
        goes_on = printer.push({token, detokenizer.push(token), nullptr});
    }
    if (!goes_on) result.finish = runtime::FinishReason::Stop;
    printer.push({-1, detokenizer.finish(), nullptr});
    const auto end = printer.finish(result);
    return {testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr(), printer.json(), end};
  }

  Prompt chat(bool think = false) const {
    return chat_prompt(*engine_, text::ChatJson::array({{{"role", "user"}, {"content", "Hi"}}}), think);
  }

  std::shared_ptr<const runtime::Engine> engine_;
};

TEST_F(Answer, ThoughtsAndMarkersStayOutOfTheAnswer) {
  const Shown s = show(chat(true), "<|channel>thought\nThey greet.<channel|>Hello.<turn|>");
  EXPECT_EQ(s.out, "Hello.\n");
  EXPECT_EQ(s.err, "They greet.\n\n");
  EXPECT_EQ(s.json.dump(), R"({"content":"Hello.","reasoning":"They greet.","tool_calls":[]})");
}

TEST_F(Answer, CallsAreLinesOfJson) {
  const Shown s = show(chat(), "Let me see.<|tool_call>call:look{at:<|\"|>sky<|\"|>,n:2}<tool_call|><|tool_response>");
  EXPECT_EQ(s.out, "Let me see.\n{\"name\":\"look\",\"arguments\":{\"at\":\"sky\",\"n\":2}}\n");
  EXPECT_EQ(s.json["tool_calls"].dump(), R"([{"name":"look","arguments":{"at":"sky","n":2}}])");
}

TEST_F(Answer, ACallThatIsCutIsSaidToBe) {
  const std::string call = "<|tool_call>call:look{at:<|\"|>sky";
  const Shown cut = show(chat(), call, true, runtime::FinishReason::Length);
  EXPECT_EQ(cut.out, "");
  EXPECT_NE(cut.err.find("a call was not finished"), std::string::npos) << cut.err;
  const Shown whole = show(chat(), call + "<|\"|>}", true, runtime::FinishReason::Length);
  EXPECT_EQ(whole.err, "");
  EXPECT_EQ(whole.json["tool_calls"].size(), 1u);
}

TEST_F(Answer, StopStringsAreNotPartOfIt) {
  const Shown s = show(chat(), "One. Two. END", true, runtime::FinishReason::Stop, {" END"});
  EXPECT_EQ(s.out, "One. Two.\n");
  const Shown cut = show(chat(), "One. E", true, runtime::FinishReason::Length, {" END"});
  EXPECT_EQ(cut.out, "One. E\n");  // what might have become one is shown after all
}

TEST_F(Answer, StopStringsCountInContentAlone) {
  const std::string thought = "<|channel>thought\nThe END is near.<channel|>";
  const std::string call = "<|tool_call>call:look{at:<|\"|>END<|\"|>}<tool_call|>";
  const Shown s =
      show(chat(true), thought + "One. " + call + "<|tool_response>", true, runtime::FinishReason::Stop, {"END"});
  EXPECT_EQ(s.json["reasoning"], "The END is near.");
  EXPECT_EQ(s.json["content"], "One.");
  EXPECT_EQ(s.json["tool_calls"].size(), 1u);
  // Nothing that stands behind it, in the same step or later, is part of the answer.
  const Shown cut =
      show(chat(true), thought + "One END two" + call + "<turn|>", true, runtime::FinishReason::Length, {"END"});
  EXPECT_EQ(cut.json["content"], "One ");
  EXPECT_EQ(cut.json["tool_calls"].size(), 0u);
  EXPECT_EQ(cut.finish, runtime::FinishReason::Stop);
}

// Blanks at the end are held back until nothing can follow them.
TEST_F(Answer, TheEndMayCompleteAStopString) {
  const Shown s = show(chat(), "One.\n\n", true, runtime::FinishReason::Length, {"\n\n"});
  EXPECT_EQ(s.json["content"], "One.");
  EXPECT_EQ(s.finish, runtime::FinishReason::Stop);
}

TEST_F(Answer, RawTextStopsAnywhere) {
  const Shown s = show(raw_prompt(*engine_, "Once"), " upon a time", true, runtime::FinishReason::Length, {"on a"});
  EXPECT_EQ(s.out, " up\n");
  EXPECT_EQ(s.finish, runtime::FinishReason::Stop);
}

TEST_F(Answer, WhatIsBrokenOffEndsItsLine) {
  testing::internal::CaptureStdout();
  {
    AnswerPrinter printer(*engine_, raw_prompt(*engine_, "x"), {}, true);
    printer.push({600, "Hel", nullptr});
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "Hel\n");
}

TEST_F(Answer, SilentWhenAskedTo) {
  const Shown s = show(chat(true), "<|channel>thought\nHm.<channel|>Hello.<turn|>", false);
  EXPECT_EQ(s.out + s.err, "");
  EXPECT_EQ(s.json["content"], "Hello.");
}

TEST_F(Answer, RawTextIsItself) {
  const Prompt prompt = raw_prompt(*engine_, "Once <turn|> upon");
  EXPECT_EQ(prompt.tokens.front(), engine_->tokenizer().bos());
  for (const auto token : std::span(prompt.tokens).subspan(1)) EXPECT_FALSE(engine_->tokenizer().is_special(token));
  const Shown s = show(prompt, "a time");
  EXPECT_EQ(s.out, "a time\n");
  EXPECT_EQ(s.json.dump(), R"({"text":"a time"})");
}

TEST_F(Answer, PromptsFollowTheModelsFormat) {
  const std::string text = engine_->tokenizer().decode(chat().tokens, false);
  EXPECT_EQ(text.find("<bos><|turn>user\nHi<turn|>\n<|turn>model\n"), 0u) << text;
  EXPECT_NE(engine_->tokenizer().decode(chat(true).tokens, false).find("<|think|>"), std::string::npos);
}

}  // namespace
}  // namespace facet::apps
