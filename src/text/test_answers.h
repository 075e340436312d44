// Answers as parsers give them, in every way that must make no difference.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "text/output_parser.h"
#include "text/test_vocabularies.h"
#include "text/utf8.h"

namespace facet::text {

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

inline void PrintTo(const Answer& a, std::ostream* out) {
  *out << "content " << ChatJson(a.content) << " reasoning " << ChatJson(a.reasoning);
  for (const auto& [name, arguments] : a.calls) *out << " call " << name << chat_json_text(arguments);
}

inline Answer parse(const std::vector<std::string>& chunks, const OutputParserOptions& options,
                    OutputEnd end = OutputEnd::Cut) {
  OutputTextParser parser(options);
  Answer answer;
  for (const std::string& chunk : chunks) answer.add(parser.push(chunk));
  answer.add(parser.finish(end));
  return answer;
}

// The answer as streams tell it: a call's arguments are what came of them, piece by piece.
struct StreamedAnswer {
  Answer answer;
  std::string name, arguments;  // of the call that is under way
  bool is_open = false;

  void add(const OutputEvents& events) {
    for (const OutputEvent& e : events) {
      if (e.kind == OutputEvent::Kind::CallBegin) {
        EXPECT_FALSE(is_open);
        EXPECT_EQ(e.index, static_cast<int>(answer.calls.size()));
        is_open = true;
        name = e.text;
        arguments.clear();
      } else if (e.kind == OutputEvent::Kind::CallArguments) {
        EXPECT_TRUE(is_open && is_utf8(e.text) && !e.text.empty());
        arguments += e.text;
      } else if (e.kind == OutputEvent::Kind::Call) {
        EXPECT_TRUE(std::exchange(is_open, false));
        EXPECT_EQ(e.text, name);
        const ChatJson parsed = parse_chat_json(arguments);
        EXPECT_EQ(parsed, e.arguments) << arguments;
        const bool has_repeated = chat_json_text(parsed).size() < arguments.size();
        EXPECT_TRUE(has_repeated || arguments == chat_json_text(e.arguments)) << arguments;
        answer.calls.emplace_back(name, e.arguments);
      } else {
        answer.add({e});
      }
    }
  }
};

inline Answer parse_streamed(const std::vector<std::string>& chunks, OutputParserOptions options, OutputEnd end) {
  options.stream_arguments = true;
  OutputTextParser parser(options);
  StreamedAnswer streamed;
  for (const std::string& chunk : chunks) streamed.add(parser.push(chunk));
  streamed.add(parser.finish(end));
  return streamed.answer;
}

inline Answer parse_tokens(const std::string& output, const Tokenizer& tokenizer, const OutputParserOptions& options,
                           OutputEnd end = OutputEnd::Cut) {
  OutputParser parser(tokenizer, options);
  Answer answer;
  for (const TokenId id : tokenizer.encode(output, Specials::Allow)) answer.add(parser.push(id));
  answer.add(parser.finish(end));
  return answer;
}

// The answer, the same however the output is split.
inline Answer parse_all_ways(const std::string& output, const OutputParserOptions& options = {},
                             OutputEnd end = OutputEnd::Cut) {
  const Answer answer = parse({output}, options, end);
  for (size_t i = 1; i < output.size(); ++i) {
    const std::vector<std::string> chunks = {output.substr(0, i), output.substr(i)};
    EXPECT_EQ(parse(chunks, options, end), answer) << output << " split at " << i;
    EXPECT_EQ(parse_streamed(chunks, options, end), answer) << output << " split at " << i;
  }
  std::vector<std::string> bytes;
  for (const char b : output) bytes.emplace_back(1, b);
  EXPECT_EQ(parse(bytes, options, end), answer) << output << " byte by byte";
  EXPECT_EQ(parse_streamed(bytes, options, end), answer) << output << " byte by byte";
  if (options.json_calls) return answer;
  for (const Tokenizer* tokenizer : vocabularies())
    EXPECT_EQ(parse_tokens(output, *tokenizer, options, end), answer) << output << " token by token";
  return answer;
}

}  // namespace facet::text
