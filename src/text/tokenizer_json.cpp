// tokenizer.json -> TokenizerParts. Only the pipeline that Gemma's files have is accepted; another one would encode
// differently without anybody noticing.
#include <simdjson.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

namespace facet::text {
namespace {

namespace ondemand = simdjson::ondemand;
using Json = nlohmann::json;

bool is_text(ondemand::value value, std::string_view text) { return std::string_view(value.get_string()) == text; }

// A step of the pipeline, whose fields may come in any order; discarded when it is no JSON.
Json step_of(ondemand::value value) {
  return Json::parse(std::string_view(simdjson::to_json_string(value)), nullptr, /*allow_exceptions=*/false);
}

bool is_text(const Json& step, const char* pointer, std::string_view text) {
  const Json::json_pointer at(pointer);
  return step.contains(at) && step.at(at) == text;
}

// Reads the file once, front to back. Strings of the parts point into the parser's buffers.
class Reader {
 public:
  Reader(std::string_view json, std::string source) : json_(json) {
    parts_.source = std::move(source);
    // More than there can be, so that nothing moves on the way; pages that stay empty cost nothing.
    parts_.tokens.reserve(std::min(kMaxTokens, json.size() / 8));
    parts_.merges.reserve(json.size() / 32);
  }

  const TokenizerParts& read();

 private:
  static constexpr size_t kMaxTokens = 1 << 20;

  [[noreturn]] void fail(std::string_view what) const { throw_error<FormatError>("{}: {}", parts_.source, what); }
  void read_field(std::string_view key, ondemand::value value);
  void read_model(ondemand::object model);
  void read_vocabulary(ondemand::object vocabulary);
  void read_merges(ondemand::array merges);
  MergePair read_merge(ondemand::value merge);
  void read_added(ondemand::array added);
  void read_added_token(ondemand::object token);
  void check_normalizer(const Json& step);
  void check_pre_tokenizer(const Json& step);
  void check_decoder(const Json& step);
  void place(int64_t id, std::string_view piece);
  void need(const char* key) const;

  simdjson::padded_string json_;
  ondemand::parser parser_;
  TokenizerParts parts_;
  std::set<std::string, std::less<>> seen_;
  std::string where_ = "the file";
};

const TokenizerParts& Reader::read() {
  try {
    ondemand::document document = parser_.iterate(json_);
    for (auto field : document.get_object()) {
      const std::string key(std::string_view(field.unescaped_key()));
      where_ = fmt::format("\"{}\"", key);
      read_field(key, field.value());
    }
  } catch (const simdjson::simdjson_error& e) {
    fail(fmt::format("{} is not as in Gemma's tokenizer.json: {}", where_, e.what()));
  }
  for (const char* key : {"model", "normalizer", "model.type", "model.byte_fallback", "model.vocab", "model.merges"})
    need(key);
  return parts_;
}

void Reader::need(const char* key) const {
  if (!seen_.contains(key)) fail(fmt::format("\"{}\" is missing", key));
}

void Reader::read_field(std::string_view key, ondemand::value value) {
  if (!seen_.emplace(key).second) fail(fmt::format("\"{}\" occurs twice", key));
  if (key == "model") read_model(value.get_object());
  if (key == "normalizer") check_normalizer(step_of(value));
  if (key == "pre_tokenizer") check_pre_tokenizer(step_of(value));
  if (key == "decoder") check_decoder(step_of(value));
  if (key == "added_tokens" && !value.is_null()) read_added(value.get_array());
}

void Reader::read_model(ondemand::object model) {
  for (auto field : model) {
    const std::string key(std::string_view(field.unescaped_key()));
    where_ = fmt::format("\"model.{}\"", key);
    ondemand::value value = field.value();
    if (!seen_.emplace("model." + key).second) fail(fmt::format("\"model.{}\" occurs twice", key));
    if (key == "type" && !is_text(value, "BPE")) fail("the model is not BPE");
    if (key == "byte_fallback" && !bool(value.get_bool())) fail("byte_fallback is not true");
    if (key == "ignore_merges" && bool(value.get_bool())) fail("ignore_merges is true, which Gemma's files never set");
    if ((key == "continuing_subword_prefix" || key == "end_of_word_suffix") && !value.is_null())
      fail(fmt::format("{} is set, which Gemma's files never do", key));
    if (key == "vocab") read_vocabulary(value.get_object());
    if (key == "merges") read_merges(value.get_array());
  }
}

void Reader::place(int64_t id, std::string_view piece) {
  if (id < 0 || id >= static_cast<int64_t>(kMaxTokens))
    fail(fmt::format("token id {} of \"{}\" is out of range", id, piece));
  const auto at = static_cast<size_t>(id);
  if (at >= parts_.tokens.size()) parts_.tokens.resize(at + 1);
  if (std::string_view& token = parts_.tokens[at]; token.empty())
    token = piece;
  else if (token != piece)
    fail(fmt::format("token {} is both \"{}\" and \"{}\"", id, token, piece));
}

void Reader::read_vocabulary(ondemand::object vocabulary) {
  for (auto field : vocabulary) {
    const std::string_view piece = field.unescaped_key();
    place(field.value().get_int64(), piece);
  }
}

void Reader::read_merges(ondemand::array merges) {
  for (auto merge : merges) parts_.merges.push_back(read_merge(merge.value()));
}

MergePair Reader::read_merge(ondemand::value merge) {
  if (merge.type() == ondemand::json_type::string) return split_merge(merge.get_string());
  std::string_view halves[2];
  size_t n = 0;
  for (auto half : merge.get_array()) {
    if (n == 2) break;
    halves[n++] = half.get_string();
  }
  if (n != 2) fail(fmt::format("merge {} is neither a pair nor a string", parts_.merges.size()));
  return {halves[0], halves[1]};
}

void Reader::read_added(ondemand::array added) {
  for (auto token : added) read_added_token(token.get_object());
}

// Gemma's added tokens match exactly; none takes in the spaces beside it or waits for normalised text.
void Reader::read_added_token(ondemand::object token) {
  std::optional<int64_t> id;
  std::string_view content;
  bool special = false;
  for (auto field : token) {
    const std::string_view key = field.unescaped_key();
    ondemand::value value = field.value();
    if (key == "id") id = value.get_int64();
    if (key == "content") content = value.get_string();
    if (key == "special") special = value.get_bool();
    if ((key == "single_word" || key == "lstrip" || key == "rstrip" || key == "normalized") && bool(value.get_bool()))
      fail(fmt::format("added token \"{}\" has {}, which Gemma's files never set", content, key));
  }
  if (!id || content.empty()) fail("an added token has no id or no content");
  place(*id, content);
  parts_.added.push_back({static_cast<TokenId>(*id), special});
}

void Reader::check_normalizer(const Json& step) {
  if (!is_text(step, "/type", "Replace") || !is_text(step, "/pattern/String", " ") ||
      !is_text(step, "/content", kSpaceSymbol))
    fail("the normalizer is not Gemma's (replace \" \" by U+2581)");
}

// A split on a space does nothing after the normalizer; anything else would matter.
void Reader::check_pre_tokenizer(const Json& step) {
  if (!step.is_null() && !(is_text(step, "/type", "Split") && is_text(step, "/pattern/String", " ")))
    fail("the pre-tokenizer is not Gemma's (split on a space)");
}

void Reader::check_decoder(const Json& step) {
  if (!is_text(step, "/type", "Sequence") || !is_text(step, "/decoders/0/type", "Replace") ||
      !is_text(step, "/decoders/1/type", "ByteFallback") || !is_text(step, "/decoders/2/type", "Fuse") ||
      step["decoders"].size() != 3)
    fail("the decoder is not Gemma's (U+2581 to space, byte fallback, fuse)");
}

}  // namespace

std::shared_ptr<const Tokenizer> Tokenizer::from_json(std::string_view json, std::string source) {
  Reader reader(json, std::move(source));
  return from_parts(reader.read());
}

}  // namespace facet::text
