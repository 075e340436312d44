// Outputs to parse: whole, split at every byte, byte by byte, and token by token.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "apps/verify/chat_files.h"
#include "base/error.h"
#include "text/output_parser.h"

namespace facet::verify {
namespace {

using text::OutputEvent;
using text::TokenId;

struct Answer {
  std::string content, reasoning;
  nlohmann::json calls = nlohmann::json::array();  // of [name, arguments]; key order does not count

  void add(const text::OutputEvents& events) {
    for (const OutputEvent& e : events) {
      if (e.kind == OutputEvent::Kind::Content) content += e.text;
      if (e.kind == OutputEvent::Kind::Reasoning) reasoning += e.text;
      if (e.kind == OutputEvent::Kind::Call) calls.push_back({e.text, nlohmann::json(e.arguments)});
    }
  }
  bool operator==(const Answer&) const = default;
};

Answer expected_answer(const ChatJson& expected) {
  Answer out{expected.at("content").get<std::string>(), expected.at("reasoning").get<std::string>()};
  for (const ChatJson& call : expected.at("tool_calls"))
    out.calls.push_back({call.at("name").get<std::string>(), nlohmann::json(call.at("arguments"))});
  return out;
}

text::OutputParserOptions parser_options(const ChatJson& line) {
  text::OutputParserOptions options;
  options.starts_in_thought = line.value("start", "") == "reasoning";
  if (line.contains("declared")) options.declared = line["declared"].get<std::vector<std::string>>();
  return options;
}

template <class Parser, class Pieces>
Answer parse(Parser parser, const Pieces& pieces) {
  Answer answer;
  for (const auto& piece : pieces) answer.add(parser.push(piece));
  answer.add(parser.finish());
  return answer;
}

// A vocabulary of the control tokens, the space and the 256 bytes, which spell everything else.
std::shared_ptr<const text::Tokenizer> byte_vocabulary() {
  std::vector<std::string> pieces = {"\xe2\x96\x81"};
  for (const std::string_view name : text::control_token_names()) pieces.emplace_back(name);
  for (int b = 0; b < 256; ++b) pieces.push_back(fmt::format("<0x{:02X}>", b));
  text::TokenizerParts parts;
  parts.tokens.assign(pieces.begin(), pieces.end());
  parts.source = "the byte vocabulary";
  return text::Tokenizer::from_parts(parts);
}

}  // namespace

void check_parse_case(const ChatJson& line, Case& result) {
  const auto output = line.at("output").get<std::string>();
  const text::OutputParserOptions options = parser_options(line);
  const Answer expected = expected_answer(line.at("expected"));
  const auto compare = [&](const Answer& found, const std::string& how) {
    const auto show = [](const Answer& a) { return nlohmann::json{a.content, a.reasoning, a.calls}.dump(); };
    result.expect(found == expected, fmt::format("{}: found {}, expected {}", how, show(found), show(expected)));
  };

  compare(parse(text::OutputTextParser(options), std::vector{output}), "whole");
  for (size_t i = 1; i < output.size(); ++i)
    compare(parse(text::OutputTextParser(options), std::vector{output.substr(0, i), output.substr(i)}),
            fmt::format("split at byte {}", i));
  std::vector<std::string> bytes;
  for (const char b : output) bytes.emplace_back(1, b);
  compare(parse(text::OutputTextParser(options), bytes), "byte by byte");

  static const auto tokenizer = byte_vocabulary();
  compare(parse(text::OutputParser(*tokenizer, options), tokenizer->encode(output, text::Specials::Allow)),
          "token by token");
}

}  // namespace facet::verify
