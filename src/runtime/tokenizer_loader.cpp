#include "runtime/tokenizer_loader.h"

#include <algorithm>

#include "base/error.h"
#include "base/mapped_file.h"

namespace facet::runtime {
namespace {

constexpr const char* kPrefix = "tokenizer.ggml.";

std::optional<text::TokenId> special(const gguf::File& file, const char* name) {
  const auto id = file.get_uint(std::string(kPrefix) + name + "_token_id");
  if (!id || *id > INT32_MAX) return {};
  return static_cast<text::TokenId>(*id);
}

// Gemma 4 files carry merges (some name their tokenizer "llama" all the same); Gemma 3 files carry scores.
text::TokenizerParts::Kind kind_of(const gguf::File& file, bool has_merges) {
  const auto model = file.get_string("tokenizer.ggml.model").value_or("");
  if (has_merges) return text::TokenizerParts::Kind::BpeMerges;
  const bool gemma4 = file.get_string("general.architecture") == "gemma4";
  if (model == "llama" && !gemma4) return text::TokenizerParts::Kind::SentencePieceScores;
  throw_error<FormatError>(
      "{}: the tokenizer \"{}\" has no merges, without which it cannot encode as the model was trained; "
      "use a newer conversion of the model",
      file.path(), model);
}

}  // namespace

std::shared_ptr<const text::Tokenizer> load_tokenizer(const gguf::File& file, int n_rows) {
  text::TokenizerParts parts;
  parts.source = file.path();
  auto tokens = file.get_string_array("tokenizer.ggml.tokens");
  if (!tokens) throw_error<FormatError>("{}: key tokenizer.ggml.tokens is missing", file.path());
  parts.tokens = std::move(*tokens);
  const auto merges = file.get_string_array("tokenizer.ggml.merges");
  parts.kind = kind_of(file, merges.has_value());
  if (merges) {
    parts.merges.reserve(merges->size());
    for (const std::string_view merge : *merges) parts.merges.push_back(text::split_merge(merge));
  } else {
    parts.scores = file.get_float_array("tokenizer.ggml.scores").value_or(std::vector<float>{});
  }
  if (const auto types = file.get_uint_array("tokenizer.ggml.token_type"))
    for (const uint64_t type : *types) parts.types.push_back(static_cast<int32_t>(std::min<uint64_t>(type, 7)));
  if (parts.tokens.size() < static_cast<size_t>(n_rows))
    throw_error<FormatError>("{}: {} tokens for {} rows of token_embd.weight", file.path(), parts.tokens.size(),
                             n_rows);
  if (parts.tokens.size() > static_cast<size_t>(n_rows)) {
    parts.tokens.resize(static_cast<size_t>(n_rows));
    if (!parts.scores.empty()) parts.scores.resize(parts.tokens.size());
    if (!parts.types.empty()) parts.types.resize(parts.tokens.size());
  }
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
