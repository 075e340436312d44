// link: facet_text
#include <cstdint>

#include "byte_vocabulary.h"
#include "text/output_parser.h"

using namespace facet::text;

namespace {

struct Answer {
  std::string content, reasoning, calls;
  std::string streamed;  // arguments of the call that is being told of

  void add(const OutputEvents& events) {
    for (const OutputEvent& e : events) {
      if (!is_utf8(e.text)) __builtin_trap();
      if (e.kind == OutputEvent::Kind::Call) {
        const std::string arguments = chat_json_text(e.arguments);
        (void)parse_chat_json(arguments);
        if (!streamed.empty() && parse_chat_json(streamed) != e.arguments) __builtin_trap();
        streamed.clear();
        calls += e.text + arguments + "\n";
      } else if (e.kind == OutputEvent::Kind::CallBegin) {
        streamed.clear();
      } else if (e.kind == OutputEvent::Kind::CallArguments) {
        streamed += e.text;
      } else {
        (e.kind == OutputEvent::Kind::Content ? content : reasoning) += e.text;
      }
    }
  }
  bool operator==(const Answer& o) const {
    return content == o.content && reasoning == o.reasoning && calls == o.calls;
  }
};

template <class Parser, class Pieces>
Answer parse(Parser parser, const Pieces& pieces, OutputEnd end) {
  Answer answer;
  for (const auto& piece : pieces) answer.add(parser.push(piece));
  answer.add(parser.finish(end));
  return answer;
}

}  // namespace

// A byte of options, and an output with control tokens spelled out: the same answer whole, in parts, and by tokens.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  OutputParserOptions options;
  options.starts_in_thought = (data[0] & 1) != 0;
  if ((data[0] & 2) != 0) options.declared = {"f", "get_town"};
  const OutputEnd end = (data[0] & 4) != 0 ? OutputEnd::Stopped : OutputEnd::Cut;
  options.stream_arguments = (data[0] & 8) != 0;
  options.json_calls = (data[0] & 16) != 0;
  const size_t step = 1 + 3 * (data[0] >> 5);

  const std::string output = repair_utf8({reinterpret_cast<const char*>(data) + 1, size - 1});
  const Answer answer = parse(OutputTextParser(options), std::vector{output}, end);
  std::vector<std::string> parts;
  for (size_t at = 0; at < output.size(); at += step) parts.push_back(output.substr(at, step));
  if (parse(OutputTextParser(options), parts, end) != answer) __builtin_trap();
  const auto ids = byte_vocabulary().encode(output, Specials::Allow);
  if (parse(OutputParser(byte_vocabulary(), options), ids, end) != answer) __builtin_trap();
  return 0;
}
