#include "text/tokenizer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/error.h"
#include "text/added_tokens.h"
#include "text/merges.h"
#include "text/segment.h"
#include "text/utf8.h"
#include "text/vocabulary.h"

namespace facet::text {
namespace {

// Control tokens of the two generations, by text: files are not to be trusted on which tokens are special.
constexpr std::string_view kControlTokens[] = {"<pad>",
                                               "<eos>",
                                               "<bos>",
                                               "<unk>",
                                               "<mask>",
                                               "<|tool>",
                                               "<tool|>",
                                               "<|tool_call>",
                                               "<tool_call|>",
                                               "<|tool_response>",
                                               "<tool_response|>",
                                               "<|\"|>",
                                               "<|think|>",
                                               "<|channel>",
                                               "<channel|>",
                                               "<|turn>",
                                               "<turn|>",
                                               "<|image>",
                                               "<|audio>",
                                               "<|image|>",
                                               "<|audio|>",
                                               "<image|>",
                                               "<audio|>",
                                               "<|video|>",
                                               "<start_of_turn>",
                                               "<end_of_turn>",
                                               "<start_of_image>",
                                               "<end_of_image>",
                                               "<image_soft_token>"};
constexpr std::string_view kStopTokens[] = {"<eos>", "<turn|>", "<|tool_response>", "<end_of_turn>"};
constexpr int32_t kTypeControl = 3, kTypeUserDefined = 4;

std::optional<uint8_t> parse_byte_piece(std::string_view piece) {
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece[5] != '>') return {};
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  const int high = digit(piece[3]), low = digit(piece[4]);
  if (high < 0 || low < 0) return {};
  return static_cast<uint8_t>(high * 16 + low);
}

bool is_unused_piece(std::string_view piece) { return piece.starts_with("<unused") && piece.ends_with(">"); }

// Whether a piece holds U+2581 behind something else. Without such pieces no merge crosses the front of a word.
bool has_inner_space(std::string_view piece) {
  size_t i = 0;
  while (piece.substr(i).starts_with(kSpaceSymbol)) i += kSpaceSymbol.size();
  return piece.find(kSpaceSymbol, i) != std::string_view::npos;
}

class GemmaTokenizer final : public Tokenizer {
 public:
  explicit GemmaTokenizer(const TokenizerParts& parts);

  std::vector<TokenId> encode(std::string_view text, Specials specials) const override;
  std::string decode(std::span<const TokenId> ids, bool skip_specials) const override;
  int n_tokens() const noexcept override { return vocabulary_.size(); }
  std::string_view piece(TokenId id) const noexcept override {
    return in_range(id) ? vocabulary_.piece(id) : std::string_view();
  }
  std::optional<TokenId> find(std::string_view piece) const noexcept override {
    const TokenId id = vocabulary_.find(piece);
    return id < 0 ? std::nullopt : std::optional(id);
  }
  bool is_special(TokenId id) const noexcept override { return in_range(id) && control_[static_cast<size_t>(id)]; }
  std::optional<uint8_t> byte_value(TokenId id) const noexcept override {
    return in_range(id) && byte_values_[static_cast<size_t>(id)] >= 0
               ? std::optional(static_cast<uint8_t>(byte_values_[static_cast<size_t>(id)]))
               : std::nullopt;
  }
  std::optional<TokenId> bos() const noexcept override { return bos_; }
  std::optional<TokenId> eos() const noexcept override { return eos_; }
  std::span<const TokenId> stop_tokens() const noexcept override { return stop_; }

 private:
  struct Work;  // buffers of one encode call

  bool in_range(TokenId id) const noexcept { return id >= 0 && id < vocabulary_.size(); }
  void classify(const TokenizerParts& parts);
  void find_byte_tokens(const std::string& source);
  void find_stop_tokens(const TokenizerParts& parts);
  void encode_plain(std::string_view text, Work& work, std::vector<TokenId>& out) const;
  void encode_segment(std::string_view segment, Work& work, std::vector<TokenId>& out) const;
  size_t segment_end(std::string_view text, size_t begin) const noexcept;
  void emit(std::string_view segment, const Symbol& symbol, std::vector<TokenId>& out) const;

  Vocabulary vocabulary_;
  bool by_score_;
  std::vector<float> scores_;
  std::vector<bool> control_, forbidden_;
  std::vector<int16_t> byte_values_;  // by id; -1: no byte token
  std::array<TokenId, 256> byte_tokens_{};
  std::array<TokenId, 128> ascii_{};  // of single characters
  std::unique_ptr<MergeTable> merges_;
  AddedTokens added_;
  bool words_are_separate_ = true, newlines_are_separate_ = true;
  std::optional<TokenId> bos_, eos_;
  std::vector<TokenId> stop_;
};

struct GemmaTokenizer::Work {
  std::vector<Symbol> symbols;
  std::vector<Merge> pairs;
};

GemmaTokenizer::GemmaTokenizer(const TokenizerParts& parts)
    : vocabulary_(parts.tokens, parts.source),
      by_score_(parts.kind == TokenizerParts::Kind::SentencePieceScores),
      scores_(parts.scores) {
  const size_t n = parts.tokens.size();
  if (by_score_ && scores_.size() != n)
    throw_error<FormatError>("{}: {} token scores for {} tokens", parts.source, scores_.size(), n);
  if (!parts.types.empty() && parts.types.size() != n)
    throw_error<FormatError>("{}: {} token types for {} tokens", parts.source, parts.types.size(), n);
  for (const auto& id : {parts.bos, parts.eos, parts.unk, parts.pad})
    if (id && !in_range(*id))
      throw_error<FormatError>("{}: special token {} is outside the vocabulary of {}", parts.source, *id, n);
  classify(parts);
  find_byte_tokens(parts.source);
  if (!by_score_) merges_ = std::make_unique<MergeTable>(parts.merges, vocabulary_, forbidden_, parts.source);
  for (int c = 0; c < 128; ++c) {
    const char text = static_cast<char>(c);
    ascii_[static_cast<size_t>(c)] = vocabulary_.find({&text, 1});
  }
  find_stop_tokens(parts);
}

// Which tokens are control, which may never come from text, and which are cut out of text whole.
void GemmaTokenizer::classify(const TokenizerParts& parts) {
  const auto n = static_cast<size_t>(vocabulary_.size());
  control_.assign(n, false);
  for (const std::string_view text : kControlTokens)
    if (const TokenId id = vocabulary_.find(text); id >= 0) control_[static_cast<size_t>(id)] = true;
  for (const auto& added : parts.added) {
    if (!in_range(added.id))
      throw_error<FormatError>("{}: added token {} is outside the vocabulary of {}", parts.source, added.id, n);
    if (added.is_control) control_[static_cast<size_t>(added.id)] = true;
  }
  // SentencePiece files type their own control tokens; those of later files vary with the converter.
  for (size_t i = 0; by_score_ && i < parts.types.size(); ++i)
    if (parts.types[i] == kTypeControl) control_[i] = true;

  forbidden_ = control_;
  byte_values_.assign(n, -1);
  for (size_t i = 0; i < n; ++i) {
    const std::string_view piece = vocabulary_.piece(static_cast<TokenId>(i));
    if (const auto byte = parse_byte_piece(piece)) byte_values_[i] = *byte;
    if (byte_values_[i] >= 0 || is_unused_piece(piece) || piece == "[multimodal]") forbidden_[i] = true;
    if (has_inner_space(piece)) words_are_separate_ = false;
    if (piece.find('\n') != std::string_view::npos && piece.find_first_not_of('\n') != std::string_view::npos)
      newlines_are_separate_ = false;
    const bool user_defined = i < parts.types.size() && parts.types[i] == kTypeUserDefined;
    if (control_[i])
      added_.add(std::string(piece), static_cast<TokenId>(i), true);
    else if (user_defined)
      added_.add(replace_all(piece, kSpaceSymbol, " "), static_cast<TokenId>(i), false);
  }
  for (const auto& added : parts.added)
    if (!control_[static_cast<size_t>(added.id)]) added_.add(std::string(vocabulary_.piece(added.id)), added.id, false);
  added_.finish();
}

void GemmaTokenizer::find_byte_tokens(const std::string& source) {
  byte_tokens_.fill(-1);
  for (size_t i = 0; i < byte_values_.size(); ++i)
    if (byte_values_[i] >= 0) byte_tokens_[static_cast<size_t>(byte_values_[i])] = static_cast<TokenId>(i);
  for (int b = 0; b < 256; ++b)
    if (byte_tokens_[static_cast<size_t>(b)] < 0)
      throw_error<FormatError>("{}: the vocabulary lacks the byte token <0x{:02X}>", source, b);
}

void GemmaTokenizer::find_stop_tokens(const TokenizerParts& parts) {
  const auto add = [this](TokenId id) {
    if (in_range(id) && std::find(stop_.begin(), stop_.end(), id) == stop_.end()) stop_.push_back(id);
  };
  for (const std::string_view text : kStopTokens) add(vocabulary_.find(text));
  if (parts.eos) add(*parts.eos);
  for (const TokenId id : parts.extra_eos) add(id);
  bos_ = parts.bos ? parts.bos : find("<bos>");
  eos_ = parts.eos ? parts.eos : find("<eos>");
}

std::vector<TokenId> GemmaTokenizer::encode(std::string_view text, Specials specials) const {
  std::string repaired;
  if (!is_utf8(text)) text = repaired = repair_utf8(text);
  std::vector<TokenId> out;
  out.reserve(text.size() / 3);
  Work work;
  for (size_t at = 0; at < text.size();) {
    const AddedTokens::Match match = added_.find(text, at, specials == Specials::Allow);
    const size_t end = std::min(match.begin, text.size());
    if (end > at) encode_plain(text.substr(at, end - at), work, out);
    if (match.id >= 0) out.push_back(match.id);
    at = match.id >= 0 ? match.end : text.size();
  }
  return out;
}

void GemmaTokenizer::encode_plain(std::string_view text, Work& work, std::vector<TokenId>& out) const {
  const std::string normal = replace_all(text, " ", kSpaceSymbol);
  for (size_t at = 0; at < normal.size();) {
    const size_t end = segment_end(normal, at);
    encode_segment(std::string_view(normal).substr(at, end - at), work, out);
    at = end;
  }
}

// The end of the next stretch that merges cannot leave: before a space symbol that follows another character, and at
// the borders of newline runs, as far as the vocabulary allows such cuts.
size_t GemmaTokenizer::segment_end(std::string_view text, size_t begin) const noexcept {
  const bool starts_with_newline = text[begin] == '\n';
  bool in_spaces = text.substr(begin).starts_with(kSpaceSymbol);
  for (size_t i = begin; i < text.size(); i += utf8_length(static_cast<unsigned char>(text[i]))) {
    if (newlines_are_separate_ && (text[i] == '\n') != starts_with_newline) return i;
    const bool space = text[i] == kSpaceSymbol[0] && text.substr(i).starts_with(kSpaceSymbol);
    if (words_are_separate_ && space && !in_spaces) return i;
    in_spaces = space;
  }
  return text.size();
}

void GemmaTokenizer::encode_segment(std::string_view segment, Work& work, std::vector<TokenId>& out) const {
  work.symbols.clear();
  for (size_t i = 0; i < segment.size();) {
    const auto lead = static_cast<unsigned char>(segment[i]);
    const size_t n = utf8_length(lead);
    const TokenId id = n == 1 ? ascii_[lead] : vocabulary_.find(segment.substr(i, n));
    work.symbols.push_back({static_cast<uint32_t>(i), static_cast<uint32_t>(i + n), id});
    i += n;
  }
  constexpr size_t kShort = 48;
  const auto run = [&](auto&& find) {
    if (work.symbols.size() <= kShort)
      merge_short(work.symbols, work.pairs, find);
    else
      merge_long(work.symbols, find);
  };
  if (by_score_) {
    // Higher scores merge first: their bits, mapped to descending order, are the rank.
    run([&](const Symbol& left, const Symbol& right) -> Merge {
      const TokenId id = vocabulary_.find(segment.substr(left.begin, right.end - left.begin));
      if (id < 0 || forbidden_[static_cast<size_t>(id)]) return {Merge::kNone, -1};
      const uint32_t bits = std::bit_cast<uint32_t>(scores_[static_cast<size_t>(id)]);
      const uint32_t ascending = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
      return {std::min(~ascending, Merge::kNone - 1), id};
    });
  } else {
    run([&](const Symbol& left, const Symbol& right) -> Merge {
      if (left.id < 0 || right.id < 0) return {Merge::kNone, -1};
      return merges_->find(left.id, right.id);
    });
  }
  for (const Symbol& symbol : work.symbols) emit(segment, symbol, out);
}

// A symbol's token; what is no token is spelled in bytes, and so is a single character that text may not produce.
void GemmaTokenizer::emit(std::string_view segment, const Symbol& symbol, std::vector<TokenId>& out) const {
  if (symbol.id >= 0) {
    out.push_back(symbol.id);
    return;
  }
  for (uint32_t i = symbol.begin; i < symbol.end; ++i)
    out.push_back(byte_tokens_[static_cast<unsigned char>(segment[i])]);
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
    if (!in_range(id) || (skip_specials && control_[static_cast<size_t>(id)])) continue;
    if (byte_values_[static_cast<size_t>(id)] >= 0) {
      bytes.push_back(static_cast<char>(byte_values_[static_cast<size_t>(id)]));
      continue;
    }
    append_bytes(out, bytes);
    out += replace_all(vocabulary_.piece(id), kSpaceSymbol, " ");
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
