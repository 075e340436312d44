// tokenizer.json -> TokenizerParts. Only the pipeline that Gemma's files have is accepted; another one would encode
// differently without anybody noticing.
#include <simdjson.h>

#include "base/error.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

namespace facet::text {
namespace {

namespace dom = simdjson::dom;

[[noreturn]] void fail(const std::string& source, std::string_view what) {
  throw_error<FormatError>("{}: {}", source, what);
}

dom::element need(dom::object object, const char* key, const std::string& source) {
  dom::element value;
  if (object[key].get(value) != simdjson::SUCCESS) fail(source, fmt::format("\"{}\" is missing", key));
  return value;
}

template <class T>
T as(dom::element value, const char* what, const std::string& source) {
  T out;
  if (value.get(out) != simdjson::SUCCESS) fail(source, fmt::format("\"{}\" has an unexpected type", what));
  return out;
}

// The normalizer must replace a space by U+2581 and do nothing else.
void check_normalizer(dom::object root, const std::string& source) {
  dom::object normalizer, pattern;
  std::string_view type, from, to;
  const bool ok = root["normalizer"].get(normalizer) == simdjson::SUCCESS &&
                  normalizer["type"].get(type) == simdjson::SUCCESS && type == "Replace" &&
                  normalizer["pattern"].get(pattern) == simdjson::SUCCESS &&
                  pattern["String"].get(from) == simdjson::SUCCESS && from == " " &&
                  normalizer["content"].get(to) == simdjson::SUCCESS && to == kSpaceSymbol;
  if (!ok) fail(source, "the normalizer is not Gemma's (replace \" \" by U+2581)");
}

// A split on a space does nothing after the normalizer; anything else would matter.
void check_pre_tokenizer(dom::object root, const std::string& source) {
  dom::element value;
  if (root["pre_tokenizer"].get(value) != simdjson::SUCCESS || value.is_null()) return;
  dom::object pre, pattern;
  std::string_view type, on;
  const bool ok = value.get(pre) == simdjson::SUCCESS && pre["type"].get(type) == simdjson::SUCCESS &&
                  type == "Split" && pre["pattern"].get(pattern) == simdjson::SUCCESS &&
                  pattern["String"].get(on) == simdjson::SUCCESS && on == " ";
  if (!ok) fail(source, "the pre-tokenizer is not Gemma's");
}

void place(std::vector<std::string_view>& tokens, int64_t id, std::string_view piece, const std::string& source) {
  constexpr int64_t kMaxTokens = 1 << 20;
  if (id < 0 || id >= kMaxTokens) fail(source, fmt::format("token id {} of \"{}\" is out of range", id, piece));
  if (static_cast<size_t>(id) >= tokens.size()) tokens.resize(static_cast<size_t>(id) + 1);
  tokens[static_cast<size_t>(id)] = piece;
}

void read_merges(dom::array merges, std::vector<MergePair>& out, const std::string& source) {
  out.reserve(merges.size());
  for (const dom::element merge : merges) {
    std::string_view text;
    dom::array pair;
    if (merge.get(text) == simdjson::SUCCESS) {
      out.push_back(split_merge(text));
      continue;
    }
    if (merge.get(pair) != simdjson::SUCCESS || pair.size() != 2)
      fail(source, "a merge is neither a pair nor a string");
    out.push_back(
        {as<std::string_view>(pair.at(0), "merges", source), as<std::string_view>(pair.at(1), "merges", source)});
  }
}

void read_added(dom::object root, TokenizerParts& parts, const std::string& source) {
  dom::array added;
  if (root["added_tokens"].get(added) != simdjson::SUCCESS) return;
  for (const dom::element element : added) {
    const auto token = as<dom::object>(element, "added_tokens", source);
    const int64_t id = as<int64_t>(need(token, "id", source), "id", source);
    place(parts.tokens, id, as<std::string_view>(need(token, "content", source), "content", source), source);
    parts.added.push_back({static_cast<TokenId>(id), as<bool>(need(token, "special", source), "special", source)});
  }
}

}  // namespace

std::shared_ptr<const Tokenizer> Tokenizer::from_json(std::string_view json, std::string source) {
  dom::parser parser;
  dom::object root;
  if (const auto error = parser.parse(json.data(), json.size(), true).get(root); error != simdjson::SUCCESS)
    fail(source, fmt::format("not valid JSON: {}", simdjson::error_message(error)));
  const auto model = as<dom::object>(need(root, "model", source), "model", source);
  if (as<std::string_view>(need(model, "type", source), "type", source) != "BPE") fail(source, "the model is not BPE");
  bool byte_fallback = false;
  if (model["byte_fallback"].get(byte_fallback) != simdjson::SUCCESS || !byte_fallback)
    fail(source, "byte_fallback is not true");
  check_normalizer(root, source);
  check_pre_tokenizer(root, source);

  TokenizerParts parts;
  parts.source = source;
  for (const auto [piece, id] : as<dom::object>(need(model, "vocab", source), "vocab", source))
    place(parts.tokens, as<int64_t>(id, "vocab", source), piece, source);
  read_added(root, parts, source);
  read_merges(as<dom::array>(need(model, "merges", source), "merges", source), parts.merges, source);
  return from_parts(parts);
}

}  // namespace facet::text
