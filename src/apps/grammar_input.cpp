#include "apps/grammar_input.h"

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "constraint/grammar/gbnf.h"
#include "constraint/grammar/lark.h"
#include "constraint/grammar/whole_texts.h"

namespace facet::apps {
namespace {

using constraint::Grammar;

std::string read_small_file(const std::string& path) {
  constexpr size_t kMaxBytes = 10 << 20;
  std::string bytes = read_file(path);
  if (bytes.size() > kMaxBytes)
    throw_error<RequestError>("{}: has {} bytes, expected at most {}", path, bytes.size(), kMaxBytes);
  return bytes;
}

template <class Make>
auto naming(const std::string& source, Make&& make) {
  try {
    return make();
  } catch (const RequestError& e) {
    throw_error<RequestError>("{}: {}", source, e.what());
  }
}

}  // namespace

GrammarInput read_schema(const std::string& path, constraint::WhiteSpace white_space) {
  const std::string bytes = read_small_file(path);
  return naming(path, [&] {
    GrammarInput input{"JSON Schema", {}, {}};
    constraint::Notation notation;
    notation.white_space = white_space;
    input.grammar.set_root(constraint::add_schema(input.grammar, text::parse_chat_json(bytes), notation, &input.notes));
    return input;
  });
}

GrammarInput read_grammar(const std::string& path, constraint::WhiteSpace white_space) {
  const std::string ending = std::filesystem::path(path).extension().string();
  if (ending == ".json") return read_schema(path, white_space);
  if (ending != ".gbnf" && ending != ".lark")
    throw_error<RequestError>("{}: expected a name that ends in .gbnf, .lark, or .json for a JSON Schema", path);
  const std::string text = read_small_file(path);
  return naming(path, [&] {
    GrammarInput input{ending == ".gbnf" ? "GBNF" : "Lark", {}, {}};
    (ending == ".gbnf" ? constraint::parse_gbnf : constraint::parse_lark)(input.grammar, text);
    return input;
  });
}

Grammar regex_grammar(const std::string& pattern) {
  return naming("--regex", [&] {
    Grammar grammar;
    grammar.set_root(constraint::add_pattern(grammar, pattern));
    return grammar;
  });
}

Grammar choice_grammar(const std::vector<std::string>& choices) {
  Grammar grammar;
  grammar.set_root(constraint::add_choices(grammar, choices));
  return grammar;
}

Grammar call_grammar(const text::ChatJson& tools, const constraint::CallOptions& options) {
  Grammar grammar;
  grammar.set_root(constraint::add_calls(grammar, tools, options));
  return grammar;
}

Grammar any_object_grammar(constraint::WhiteSpace white_space) {
  Grammar grammar;
  constraint::Notation notation;
  notation.white_space = white_space;
  grammar.set_root(constraint::add_any_object(grammar, notation));
  return grammar;
}

constraint::WhiteSpace parse_white_space(const std::string& name) {
  if (name == "spaced") return constraint::WhiteSpace::Spaced;
  return name == "flexible" ? constraint::WhiteSpace::Flexible : constraint::WhiteSpace::Compact;
}

}  // namespace facet::apps
