// Calls while they are being written: what is told of them, and when.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "text/test_answers.h"

namespace facet::text {
namespace {

OutputParserOptions streamed_options(bool json_calls) {
  OutputParserOptions options;
  options.stream_arguments = true;
  options.declared = {"f", "get \"it\""};
  options.json_calls = json_calls;
  return options;
}

// What is told, a bar behind each push.
std::string told(const std::vector<std::string>& chunks, bool json_calls = false, OutputEnd end = OutputEnd::Stopped) {
  OutputTextParser parser(streamed_options(json_calls));
  std::string out;
  const auto tell = [&](const OutputEvents& events) {
    for (const OutputEvent& e : events) {
      if (e.kind == OutputEvent::Kind::CallBegin) out += e.text + ":";
      if (e.kind == OutputEvent::Kind::CallArguments) out += e.text;
      if (e.kind == OutputEvent::Kind::Call) out += fmt::format(" ={}", e.index);
      if (e.kind == OutputEvent::Kind::Content) out += "content " + e.text;
    }
    out += "|";
  };
  for (const std::string& chunk : chunks) tell(parser.push(chunk));
  tell(parser.finish(end));
  return out;
}

TEST(CallStream, TellsWhatIsCertainAsSoonAsItIs) {
  const std::string q = "<|\"|>", open = "<|tool_call>call:", close = "<tool_call|>";
  EXPECT_EQ(told({open + "f", "{a", ":" + q, "one ", "\"two\" ", "three" + q + ",b:", "tru", "e,", "c:", "[1",
                  ",{d:2}]", "}", close}),
            R"(|f:{|"a":"|one| \"two\"| three","b":|||true,"c":|[|1,{"d":2}]||} =0||)");
  EXPECT_EQ(told({open + "f{}" + close + open, "g{", "}" + close}), "f:{} =0|g:{|} =1||");
  EXPECT_EQ(told({open + "f{a:1.", "5}" + close}), "f:{\"a\":|1.5} =0||");
}

TEST(CallStream, HoldsBackWhatARepairMayTouch) {
  const std::string q = "<|\"|>", call = "<|tool_call>call:f{a:" + q + "x", close = "<tool_call|>";
  EXPECT_EQ(told({call, "}", "]", " y", q + "}" + close}), R"(f:{"a":"x|||}] y|"} =0||)");
  EXPECT_EQ(told({call, "}" + close, "<turn|>"}), R"(f:{"a":"x||"} =0||)") << "the string was never closed";
  EXPECT_EQ(told({call, ",b", ":", q + "y" + q + "}" + close}), R"(f:{"a":"x|||","b":"y"} =0||)");
  EXPECT_EQ(told({call, ",b", "c d" + q + "}" + close}), R"(f:{"a":"x||,bc d"} =0||)");
}

TEST(CallStream, ACallThatIsCutHasNoEnd) {
  EXPECT_EQ(told({"<|tool_call>call:f{a:<|\"|>half of"}, false, OutputEnd::Cut), "f:{\"a\":\"half of||");
  EXPECT_EQ(told({"{\"name\":\"f\",\"parameters\":{\"a\":\"half"}, true, OutputEnd::Cut), "f:{\"a\":\"half||");
}

TEST(CallStream, AKeyThatComesAgainIsToldAgain) {
  EXPECT_EQ(told({"<|tool_call>call:f{a:1,b:2,", "a:3}<tool_call|>"}), "f:{\"a\":1,\"b\":|2,\"a\":3} =0||");
}

TEST(CallStream, TellsJsonAsItComes) {
  EXPECT_EQ(told({"{\"na", "me\": \"f\", \"parameters\"", ": {", "\"a\": \"one\\", "n\\u00e9\\ud83d", "\\ude00 ",
                  "two\"", ",\"b\":[1,", "2]}", "}"},
                 true),
            "||f:{|\"a\":\"one|\\né|\U0001F600| two\"|,\"b\":[1|,2]} =0|||");
}

TEST(JsonCalls, AreReadWhereAnAnswerBeginsWithThem) {
  OutputParserOptions options = streamed_options(true);
  options.stream_arguments = false;
  const auto read = [&](const std::string& output) { return parse_all_ways(output, options, OutputEnd::Stopped); };
  const ChatJson rome = {{"city", "Rome"}};
  EXPECT_EQ(read(R"({"name":"f","parameters":{"city":"Rome"}})"), (Answer{"", "", {{"f", rome}}}));
  EXPECT_EQ(read("\n { \"name\" : \"get \\\"it\\\"\" ,\n\"arguments\" : {\"city\": \"Rome\"}\n}\n"),
            (Answer{"", "", {{"get \"it\"", rome}}}));
  EXPECT_EQ(read(R"([{"name":"f","parameters":{}}, {"name":"f","parameters":{"city":"Rome"}}])"),
            (Answer{"", "", {{"f", ChatJson::object()}, {"f", rome}}}));
  EXPECT_EQ(read("{\"name\":\"f\",\"parameters\":{}}\n\nDone.\n"),
            (Answer{"Done.\n", "", {{"f", ChatJson::object()}}}));
  EXPECT_EQ(read(R"({"name":"f","parameters":{"a":"}{\"[","b":[{"c":1.50}]}})").calls.at(0).second,
            parse_chat_json(R"({"a":"}{\"[","b":[{"c":1.5}]})"));
  // Text, to the last blank.
  for (const char* text :
       {"", "It rains.\n", " {\"name\": \"other\", \"parameters\": {}} ", "{\"name\":\"f\"}", "[1, 2]",
        "a {\"name\":\"f\",\"parameters\":{}}", "{\"name\":\"f\",\"parameters\":[]}", "[{\"nam"})
    EXPECT_EQ(read(text), (Answer{text, "", {}}));
}

TEST(JsonCalls, ThatAreUnfinishedAreMendedOrDropped) {
  OutputParserOptions options = streamed_options(true);
  options.stream_arguments = false;
  const std::string cut = R"({"name":"f","parameters":{"a":"x\ny"},"b":1)", half = cut.substr(0, cut.find("y\"") + 1);
  EXPECT_EQ(parse_all_ways(half, options, OutputEnd::Cut), Answer{});
  EXPECT_EQ(parse_all_ways(half, options, OutputEnd::Stopped), (Answer{"", "", {{"f", {{"a", "x\ny"}}}}})) << half;
  EXPECT_EQ(parse_all_ways(cut, options, OutputEnd::Cut).calls.size(), 1u);
}

std::string random_json_output(std::mt19937& random) {
  const char* parts[] = {R"({"name":"f","parameters":{)",
                         "[",
                         "]",
                         "{",
                         "}",
                         ",",
                         ":",
                         "\"",
                         "\"a\":",
                         "\"b\":\"",
                         "\\n",
                         "\\u00e9",
                         "\\ud83d",
                         "\\ude00",
                         "\\",
                         " ",
                         "\n",
                         "1.5",
                         "true",
                         "'",
                         "x",
                         "\u00e9",
                         "}}",
                         "},"};
  std::string text = random() % 8 == 0 ? "" : random() % 4 == 0 ? "[" : "";
  if (random() % 8 != 0) text += parts[0];
  for (unsigned n = 1 + random() % 20; n > 0; --n) text += parts[random() % std::size(parts)];
  return text;
}

TEST(JsonCalls, TheSplitNeverMatters) {
  std::mt19937 random(8);
  size_t n_calls = 0;
  OutputParserOptions options = streamed_options(true);
  options.stream_arguments = false;
  for (int i = 0; i < 1500; ++i) {
    const auto end = random() % 2 == 0 ? OutputEnd::Cut : OutputEnd::Stopped;
    n_calls += parse_all_ways(random_json_output(random), options, end).calls.size();
  }
  EXPECT_GT(n_calls, 400u);
}

}  // namespace
}  // namespace facet::text
