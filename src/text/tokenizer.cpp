#include "text/tokenizer.h"

#include "base/error.h"
#include "text/added_tokens.h"
#include "text/encoder.h"
#include "text/piece_classes.h"
#include "text/utf8.h"
#include "text/vocabulary.h"

namespace facet::text {
namespace {

class GemmaTokenizer final : public Tokenizer {
 public:
  explicit GemmaTokenizer(const TokenizerParts& parts)
      : vocabulary_(parts.tokens, parts.source),
        classes_(classify(vocabulary_, parts)),
        added_(added_tokens(vocabulary_, classes_, parts)),
        encoder_(parts, vocabulary_, classes_),
        bos_(parts.bos ? parts.bos : find("<bos>")),
        eos_(parts.eos ? parts.eos : find("<eos>")) {}

  std::vector<TokenId> encode(std::string_view text, Specials specials) const override;
  std::string decode(std::span<const TokenId> ids, bool skip_specials) const override;
  int n_tokens() const noexcept override { return vocabulary_.size(); }
  std::string_view piece(TokenId id) const noexcept override {
    return vocabulary_.has(id) ? vocabulary_.piece(id) : std::string_view();
  }
  std::optional<TokenId> find(std::string_view piece) const noexcept override {
    const TokenId id = vocabulary_.find(piece);
    return id < 0 ? std::nullopt : std::optional(id);
  }
  bool is_special(TokenId id) const noexcept override {
    return vocabulary_.has(id) && classes_.control[static_cast<size_t>(id)];
  }
  std::optional<uint8_t> byte_value(TokenId id) const noexcept override {
    if (!vocabulary_.has(id) || classes_.byte_values[static_cast<size_t>(id)] < 0) return {};
    return static_cast<uint8_t>(classes_.byte_values[static_cast<size_t>(id)]);
  }
  std::optional<TokenId> bos() const noexcept override { return bos_; }
  std::optional<TokenId> eos() const noexcept override { return eos_; }
  std::span<const TokenId> stop_tokens() const noexcept override { return classes_.stop; }

 private:
  Vocabulary vocabulary_;
  PieceClasses classes_;
  AddedTokens added_;
  Encoder encoder_;
  std::optional<TokenId> bos_, eos_;
};

std::vector<TokenId> GemmaTokenizer::encode(std::string_view text, Specials specials) const {
  if (text.size() > Encoder::kMaxBytes)
    throw_error<RequestError>("a text of {} bytes is too long to encode at once; the limit is {}", text.size(),
                              Encoder::kMaxBytes);
  std::string repaired;
  if (!is_utf8(text)) text = repaired = repair_utf8(text);
  std::vector<TokenId> out;
  out.reserve(text.size() / 3);
  Encoder::Work work(text.size());
  for (size_t at = 0; at < text.size();) {
    const AddedTokens::Match match = added_.find(text, at, specials == Specials::Allow);
    const size_t end = std::min(match.begin, text.size());
    if (end > at) encoder_.encode(text.substr(at, end - at), work, out);
    if (match.id >= 0) out.push_back(match.id);
    at = match.id >= 0 ? match.end : text.size();
  }
  return out;
}

// A run of byte tokens is text if all of it is; else each of its bytes is unreadable.
void append_bytes(std::string& out, std::string& bytes) {
  if (is_utf8(bytes))
    out += bytes;
  else
    for (size_t i = 0; i < bytes.size(); ++i) out += kReplacement;
  bytes.clear();
}

std::string GemmaTokenizer::decode(std::span<const TokenId> ids, bool skip_specials) const {
  std::string out, bytes;
  for (const TokenId id : ids) {
    if (!vocabulary_.has(id) || (skip_specials && is_special(id))) continue;
    if (const auto byte = byte_value(id)) {
      bytes.push_back(static_cast<char>(*byte));
      continue;
    }
    append_bytes(out, bytes);
    append_replaced(out, vocabulary_.piece(id), kSpaceSymbol, " ");
  }
  append_bytes(out, bytes);
  return out;
}

}  // namespace

std::shared_ptr<const Tokenizer> Tokenizer::from_parts(const TokenizerParts& parts) {
  if (parts.tokens.empty()) throw_error<FormatError>("{}: the vocabulary is empty", parts.source);
  return std::make_shared<GemmaTokenizer>(parts);
}

}  // namespace facet::text
