#include "text/output_parser.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/test_data.h"

namespace facet::text {
namespace {

struct Answer {
  std::string content, reasoning;
  std::vector<std::pair<std::string, ChatJson>> calls;

  void add(const OutputEvents& events) {
    for (const OutputEvent& e : events) {
      if (e.kind == OutputEvent::Kind::Content) content += e.text;
      if (e.kind == OutputEvent::Kind::Reasoning) reasoning += e.text;
      if (e.kind == OutputEvent::Kind::Call) calls.emplace_back(e.text, e.arguments);
    }
  }
  bool operator==(const Answer&) const = default;
};

void PrintTo(const Answer& a, std::ostream* out) {
  *out << "content " << ChatJson(a.content) << " reasoning " << ChatJson(a.reasoning);
  for (const auto& [name, arguments] : a.calls) *out << " call " << name << chat_json_text(arguments);
}

Answer parse(const std::vector<std::string>& chunks, const OutputParserOptions& options,
             OutputEnd end = OutputEnd::Cut) {
  OutputTextParser parser(options);
  Answer answer;
  for (const std::string& chunk : chunks) answer.add(parser.push(chunk));
  answer.add(parser.finish(end));
  return answer;
}

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
  const auto cases = parse_cases();
  ASSERT_GE(cases.size(), 80u);
  for (const ParseCase& c : cases) {
    EXPECT_EQ(parse({c.output}, c.options), c.expected) << c.id;
    for (size_t i = 1; i < c.output.size(); ++i)
      EXPECT_EQ(parse({c.output.substr(0, i), c.output.substr(i)}, c.options), c.expected) << c.id << " split at " << i;
    std::vector<std::string> bytes;
    for (const char b : c.output) bytes.emplace_back(1, b);
    EXPECT_EQ(parse(bytes, c.options), c.expected) << c.id << " byte by byte";
  }
}

}  // namespace
}  // namespace facet::text
