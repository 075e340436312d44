#include "text/output_parser.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "text/test_answers.h"

namespace facet::text {
namespace {

struct ParseCase {
  std::string id, output;
  OutputParserOptions options;
  Answer expected;
};

std::vector<ParseCase> parse_cases() {
  std::ifstream in(conformance_path("parse_cases.jsonl"));
  std::vector<ParseCase> cases;
  for (std::string line; std::getline(in, line);) {
    const ChatJson c = parse_chat_json(line);
    ParseCase out{c["id"], c["output"], {}, {c["expected"]["content"], c["expected"]["reasoning"], {}}};
    for (const ChatJson& call : c["expected"]["tool_calls"])
      out.expected.calls.emplace_back(call["name"], call["arguments"]);
    out.options.starts_in_thought = c.value("start", "") == "reasoning";
    if (c.contains("declared")) out.options.declared = c["declared"].get<std::vector<std::string>>();
    cases.push_back(std::move(out));
  }
  return cases;
}

TEST(OutputParser, ReadsTheConformanceCasesHoweverTheyAreSplit) {
  SKIP_WITHOUT_CONFORMANCE();
  const auto cases = parse_cases();
  ASSERT_GE(cases.size(), 80u);
  for (const ParseCase& c : cases) EXPECT_EQ(parse_all_ways(c.output, c.options), c.expected) << c.id;
}

struct AnswerRow {
  const char *output, *content, *reasoning;
};

void check_answers(std::initializer_list<AnswerRow> rows, const OutputParserOptions& options = {}) {
  for (const AnswerRow& row : rows) {
    const Answer answer = parse_all_ways(row.output, options);
    EXPECT_EQ(answer.content, row.content) << row.output;
    EXPECT_EQ(answer.reasoning, row.reasoning) << row.output;
  }
}

// name{arguments} of all calls.
std::string calls_of(const std::string& output, const OutputParserOptions& options = {},
                     OutputEnd end = OutputEnd::Cut) {
  std::string all;
  for (const auto& [name, arguments] : parse_all_ways(output, options, end).calls)
    all += (all.empty() ? "" : " ") + name + chat_json_text(arguments);
  return all;
}

TEST(OutputParser, WhiteSpaceBelongsToBlocksOrToContent) {
  check_answers({{" a \n<turn|>", " a \n", ""},
                 {" \n", " \n", ""},
                 {"<|channel>thought\nt<channel|>\n\n a\n<turn|>", "a\n", "t"},
                 {"\n<|channel>thought\nt<channel|>a", "a", "t"},
                 {"a \n<|channel>thought\nt<channel|>\n<turn|>", "a", "t"},
                 {"a \n<|channel>thought\nt<channel|>\n b", "a \n\n b", "t"},
                 {"a\n<|tool_call>call:f{}<tool_call|> b\n", "a\n b\n", ""},
                 {"a\u3000<|tool_call>call:f{}<tool_call|>", "a", ""},
                 {"a <channel|> b", "a  b", ""},
                 {" <|tool_call>cut{", "", ""}});
}

TEST(OutputParser, SeparatesThoughts) {
  check_answers({{"<|channel>thought\n  a\n\nb \n<channel|>c", "c", "  a\n\nb"},
                 {"<|channel>thoughtful\n<channel|>c", "c", "thoughtful"},
                 {"<|channel>thought a<channel|>c", "c", "thought a"},
                 {"<|channel>tho<|\"|>x<channel|>c", "c", "tho\"x"},
                 {"<|channel>tho<|image|>ught\nx<channel|>c", "c", "x"},
                 {"<|channel>thought\na<|think|>b<tool_call|>c<channel|>", "", "abc"},
                 {"<|channel>thought\na<turn|>b", "", "a"},
                 {"<|channel>thought\na<|turn>b", "", "a"},
                 {"<|channel>thought\na", "", "a"},
                 {"<|channel>thought\n<|channel>thought\na<|channel>thought\n <|channel>b<channel|>", "", "a\nb"},
                 {"<|channel>thought\nuse it<|tool_call>call:f{}<tool_call|>", "", "use it"}});
  EXPECT_EQ(calls_of("<|channel>thought\nuse it<|tool_call>call:f{}<tool_call|>"), "f{}");
}

TEST(OutputParser, ReadsAThoughtWithoutItsOpener) {
  check_answers({{"thought\na\n<channel|>b", "b", "a"},
                 {"thought", "thought", ""},
                 {"thought<channel|>b", "thoughtb", ""},
                 {"thoughts\n", "thoughts\n", ""},
                 {" thought\na", " thought\na", ""},
                 {"a thought\nb", "a thought\nb", ""},
                 {"<|turn>model\nthought\na<channel|>b", "b", "a"}});
  check_answers({{"thought\na<channel|>b", "b", "thought\na"}, {"a", "", "a"}}, {true, {}, false});
}

TEST(OutputParser, StopsWhereTheTurnEnds) {
  check_answers({{"a<eos>b", "a", ""},
                 {"a<|tool_response>b", "a", ""},
                 {"a<|turn>b", "a", ""},
                 {"<|turn>model\na", "a", ""},
                 {"<|turn>mod", "", ""},
                 {"<|turn>user\na", "", ""},
                 {"<|turn><turn|>a", "", ""},
                 {"<|turn>model\n<|turn>model\na", "", ""}});
}

TEST(OutputParser, ACallThatIsCutIsDropped) {
  EXPECT_EQ(calls_of("<|tool_call>call:f{a:1"), "");
  EXPECT_EQ(calls_of("<|tool_call>call:f{a:1", {}, OutputEnd::Stopped), R"(f{"a":1})");
  EXPECT_EQ(calls_of("<|tool_call>call:f{a:1}"), R"(f{"a":1})");
  EXPECT_EQ(calls_of("<|tool_call>call:f{a:1]}"), "");  // closed only by a repair
  EXPECT_EQ(calls_of("<|tool_call>call:f"), "");
  EXPECT_EQ(calls_of("<|tool_call>call:f", {}, OutputEnd::Stopped), "f{}");
  EXPECT_EQ(parse_all_ways("a <|tool_call>prose"), (Answer{"a", "", {}}));
}

TEST(OutputParser, AnEndMarkerInAStringEndsTheCallUnlessTheStringIsClosed) {
  const std::string marker = "<tool_call|>";
  EXPECT_EQ(calls_of("<|tool_call>call:f{a:<|\"|>x<tool_call|>y<|\"|> }<tool_call|>"), R"(f{"a":"x<tool_call|>y"})");
  EXPECT_EQ(calls_of("<|tool_call>call:f{a:<|\"|>x<tool_call|>y<tool_call|><|\"|>,b:1}<tool_call|>"),
            R"(f{"a":"x<tool_call|>y<tool_call|>","b":1})");
  EXPECT_EQ(calls_of("<|tool_call>call:f{a:<|\"|>x<|image|><|channel>y<|\"|>}<tool_call|>"),
            R"(f{"a":"x<|image|><|channel>y"})");
  const auto after = [&](const std::string& rest) {
    return parse_all_ways("<|tool_call>call:f{a:<|\"|>x}" + marker + rest);
  };
  const std::vector<std::pair<std::string, ChatJson>> f = {{"f", {{"a", "x"}}}};
  EXPECT_EQ(after("b<turn|>"), (Answer{"b", "", f}));
  EXPECT_EQ(after("b <|\"|>c<|\"|> d<turn|>"), (Answer{"b \"c\" d", "", f}));
  EXPECT_EQ(after("<|channel>thought\nt<channel|>b<turn|>"), (Answer{"b", "t", f}));
  EXPECT_EQ(after("<|tool_call>call:g{}<tool_call|>").calls.size(), 2u);
  EXPECT_EQ(after("b"), (Answer{"", "", {}}));  // cut: nobody knows
}

TEST(OutputParser, WhatIsNoCallIsShown) {
  EXPECT_EQ(parse_all_ways("a\n<|tool_call> not <|\"|>sure<|\"|> <tool_call|>\n"), (Answer{"a\nnot \"sure\"", "", {}}));
  EXPECT_EQ(parse_all_ways("<|tool_call><tool_call|>\nb"), (Answer{"b", "", {}}));
  EXPECT_EQ(parse_all_ways("call:f{a:1}<turn|>"), (Answer{"call:f{a:1}", "", {}}));
}

TEST(OutputParser, TakesABareCallOfADeclaredFunctionOnlyWhereItIsAllThereIs) {
  const OutputParserOptions declared{false, {"f", "other"}, false};
  const std::vector<std::pair<std::string, ChatJson>> f = {{"f", {{"a", "x"}}}};
  EXPECT_EQ(parse_all_ways("call:f{a:<|\"|>x<|\"|>}<turn|>", declared), (Answer{"", "", f}));
  EXPECT_EQ(parse_all_ways("\ncall:f{a:x} <tool_call|><eos>", declared), (Answer{"", "", f}));
  EXPECT_EQ(parse_all_ways("call:f{a:x}", declared, OutputEnd::Stopped), (Answer{"", "", f}));
  EXPECT_EQ(parse_all_ways("b<|channel>thought\nt<channel|>call:f{a:x}<tool_call|>", declared), (Answer{"b", "t", f}));
  for (const char* text :
       {"call:f{a:x}", "call:g{a:1}<turn|>", "call:f{a:1} b<turn|>", "call:f{a:1<turn|>", "call:f<turn|>",
        "b call:f{a:1}<turn|>", "call:f(a:1)<turn|>", "call:f{a:1]}<turn|>", "call:other<turn|>"}) {
    const std::string content = std::string(text).substr(0, std::string(text).find("<turn|>"));
    EXPECT_EQ(parse_all_ways(text, declared), (Answer{content, "", {}})) << text;
  }
  EXPECT_EQ(parse_all_ways("<|channel>thought\ncall:f{a:1}<turn|>", declared).calls.size(), 0u);
  EXPECT_EQ(parse_all_ways("call:f{a:1}<|tool_call>call:f{}<tool_call|>", declared).content, "call:f{a:1}");
}

TEST(OutputParser, SendsTextAsSoonAsItIsSure) {
  OutputTextParser parser;
  const auto content = [&](const char* text) {
    std::string all;
    for (const OutputEvent& e : parser.push(text)) all += e.text;
    return all;
  };
  EXPECT_EQ(content("th"), "");
  EXPECT_EQ(content("e "), "the");
  EXPECT_EQ(content("<"), "");
  EXPECT_EQ(content("b> "), " <b>");
  EXPECT_EQ(content("\xe4\xbd"), "");
  EXPECT_EQ(content("\xa0"), " \u4f60");
}

TEST(OutputParser, EventsHoldWholeCharacters) {
  SKIP_WITHOUT_GOLDENS();
  std::vector<TokenId> ids;
  for (const unsigned char b : std::string("\u4f60a\xff\xe4\xbd\U0001f600"))
    ids.push_back(*tiny()->find(fmt::format("<0x{:02X}>", b)));
  ids.push_back(*tiny()->find("<turn|>"));
  OutputParser parser(*tiny());
  std::string all;
  for (const TokenId id : ids)
    for (const OutputEvent& e : parser.push(id)) {
      EXPECT_TRUE(is_utf8(e.text));
      all += e.text;
    }
  EXPECT_EQ(all, "\u4f60a\ufffd\ufffd\ufffd\U0001f600");
  OutputParser cut(*tiny());
  cut.push(*tiny()->find("<0xE4>"));
  EXPECT_EQ(cut.finish().at(0).text, "\ufffd");
}

std::string random_output(std::mt19937& random) {
  static const char* parts[] = {"<|channel>",
                                "<channel|>",
                                "<|tool_call>",
                                "<tool_call|>",
                                "<|\"|>",
                                "<|turn>",
                                "<turn|>",
                                "<|image|>",
                                "thought\n",
                                "model\n",
                                "call:",
                                "f",
                                "{",
                                "}",
                                "[",
                                "]",
                                "(",
                                ")",
                                ",",
                                ":",
                                "a",
                                "=",
                                "\"",
                                "'",
                                "\\",
                                " ",
                                "\n",
                                "1.5",
                                "true",
                                ",b:",
                                "\u00e9",
                                "<|",
                                "tool",
                                "call:f{",
                                "<|tool_call>call:f{a:<|\"|>"};
  std::string text;
  for (unsigned n = 1 + random() % 24; n > 0; --n) text += parts[random() % std::size(parts)];
  return text;
}

TEST(OutputParser, TheSplitNeverMatters) {
  std::mt19937 random(4);
  for (int i = 0; i < 4000; ++i) {
    const std::string output = random_output(random);
    const OutputParserOptions options{
        random() % 2 == 0, random() % 2 == 0 ? std::vector<std::string>{"f"} : std::vector<std::string>{}, false};
    const Answer answer = parse_all_ways(output, options, random() % 2 == 0 ? OutputEnd::Cut : OutputEnd::Stopped);
    EXPECT_TRUE(is_utf8(answer.content) && is_utf8(answer.reasoning)) << output;
    for (const auto& call : answer.calls)
      EXPECT_EQ(parse_chat_json(chat_json_text(call.second)), call.second) << output;
  }
}

TEST(OutputParser, PlainModelsGiveContentAlone) {
  SKIP_WITHOUT_GOLDENS();
  // Without channels: the vocabulary of Gemma 3, as far as it matters.
  std::vector<std::string> pieces = {"\u2581", "a", "<eos>", "<end_of_turn>", "<start_of_turn>"};
  for (int b = 0; b < 256; ++b) pieces.push_back(fmt::format("<0x{:02X}>", b));
  TokenizerParts parts;
  parts.tokens.assign(pieces.begin(), pieces.end());
  const auto tokenizer = Tokenizer::from_parts(parts);
  EXPECT_EQ(parse_tokens(" thought\n<|channel>a <end_of_turn>b", *tokenizer, {true, {"f"}, false}),
            (Answer{" thought\n<|channel>a ", "", {}}));
  EXPECT_EQ(parse_tokens("thought\na<start_of_turn> \n", *tokenizer, {}), (Answer{"thought\na \n", "", {}}));
  // A raw continuation of any model.
  EXPECT_EQ(parse_tokens("thought\n<|channel>a<eos>b", *tiny(), {true, {}, true}), (Answer{"thought\na", "", {}}));
}

}  // namespace
}  // namespace facet::text
