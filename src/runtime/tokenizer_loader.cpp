#include "runtime/tokenizer_loader.h"

#include <algorithm>

#include "base/error.h"
#include "base/mapped_file.h"

namespace facet::runtime {
namespace {

constexpr const char* kPrefix = "tokenizer.ggml.";
constexpr const char *kMerges = "tokenizer.ggml.merges", *kTypes = "tokenizer.ggml.token_type";

std::optional<text::TokenId> special(const gguf::File& file, const char* name) {
  const auto id = file.get_uint(std::string(kPrefix) + name + "_token_id");
  if (!id) return {};
  return static_cast<text::TokenId>(std::min<uint64_t>(*id, INT32_MAX));  // too large stays outside any vocabulary
}

// Gemma 4 files carry merges (some name their tokenizer "llama" all the same); Gemma 3 files carry scores. Vocabularies
// with <|turn> were all trained with merges, and scores do not stand in for those.
text::TokenizerParts::Kind kind_of(const gguf::File& file, std::span<const std::string_view> tokens, bool has_merges) {
  const auto model = file.get_string("tokenizer.ggml.model").value_or("");
  if (has_merges) return text::TokenizerParts::Kind::BpeMerges;
  const bool needs_merges = std::ranges::find(tokens, "<|turn>") != tokens.end();
  if (model == "llama" && !needs_merges) return text::TokenizerParts::Kind::SentencePieceScores;
  throw_error<FormatError>(
      "{}: the tokenizer \"{}\" has no merges, without which it cannot encode as the model was trained; "
      "use a newer conversion of the model",
      file.path(), model);
}

void check_length(const text::TokenizerParts& parts, const char* key, size_t n) {
  if (n != 0 && n != parts.tokens.size())
    throw_error<FormatError>("{}: key {}{} has {} entries for {} tokens", parts.source, kPrefix, key, n,
                             parts.tokens.size());
}

// The types of files with merges vary with the converter, and nothing depends on them.
void read_merges(const gguf::File& file, const gguf::Value& merges, text::TokenizerParts& parts) {
  constexpr uint64_t kUsual = 1 << 20;
  parts.merges.reserve(std::min(merges.count, kUsual));
  file.for_each_string(kMerges, [&](std::string_view merge) { parts.merges.push_back(text::split_merge(merge)); });
  if (const gguf::Value* types = file.find(kTypes)) check_length(parts, "token_type", types->count);
}

void read_scores(const gguf::File& file, text::TokenizerParts& parts) {
  parts.scores = file.get_float_array("tokenizer.ggml.scores").value_or(std::vector<float>{});
  if (const auto types = file.get_uint_array(kTypes))
    for (const uint64_t type : *types) parts.types.push_back(static_cast<int32_t>(std::min<uint64_t>(type, 7)));
}

// Some Gemma 3 files name more tokens than the embedding has rows; those can never occur. The tokens of a file with
// merges are those of its embedding.
void fit_to_rows(text::TokenizerParts& parts, size_t n_rows) {
  check_length(parts, "scores", parts.scores.size());
  check_length(parts, "token_type", parts.types.size());
  const bool may_be_longer = parts.kind == text::TokenizerParts::Kind::SentencePieceScores;
  if (parts.tokens.size() < n_rows || (parts.tokens.size() > n_rows && !may_be_longer))
    throw_error<FormatError>("{}: the tokenizer has {} tokens, token_embd.weight {} rows: they are of different models",
                             parts.source, parts.tokens.size(), n_rows);
  parts.tokens.resize(n_rows);
  if (!parts.scores.empty()) parts.scores.resize(n_rows);
  if (!parts.types.empty()) parts.types.resize(n_rows);
}

}  // namespace

std::shared_ptr<const text::Tokenizer> load_tokenizer(const gguf::File& file, int n_rows) {
  text::TokenizerParts parts;
  parts.source = file.path();
  auto tokens = file.get_string_array("tokenizer.ggml.tokens");
  if (!tokens) throw_error<FormatError>("{}: key tokenizer.ggml.tokens is missing", file.path());
  parts.tokens = std::move(*tokens);
  const gguf::Value* merges = file.find(kMerges);
  parts.kind = kind_of(file, parts.tokens, merges != nullptr);
  if (merges != nullptr)
    read_merges(file, *merges, parts);
  else
    read_scores(file, parts);
  fit_to_rows(parts, static_cast<size_t>(n_rows));
  parts.bos = special(file, "bos");
  parts.eos = special(file, "eos");
  parts.unk = special(file, "unknown");
  parts.pad = special(file, "padding");
  if (const auto eot = special(file, "eot")) parts.extra_eos.push_back(*eot);
  if (const auto ids = file.get_uint_array("tokenizer.ggml.eos_token_ids"))
    for (const uint64_t id : *ids)
      parts.extra_eos.push_back(static_cast<text::TokenId>(std::min<uint64_t>(id, INT32_MAX)));
  return text::Tokenizer::from_parts(parts);
}

std::shared_ptr<const text::Tokenizer> load_tokenizer(const std::string& folder) {
  const std::string path = folder + "/tokenizer.json";
  const MappedFile file(path);
  return text::Tokenizer::from_json({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()}, path);
}

}  // namespace facet::runtime
