// Text <-> token ids: byte-fallback BPE as the official tokenizer does it (Gemma 4, and Gemma 3's tokenizer.json), and
// SentencePiece merging by score (Gemma 3 GGUF files). Immutable after loading; all methods may be called by many
// threads at once. Chat structure is chat_renderer's business.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace facet::text {

using TokenId = int32_t;

// Two pieces that merge into one.
struct MergePair {
  std::string_view left, right;
};
// "left right", cut at the first space after the first byte (pieces themselves hold no spaces).
MergePair split_merge(std::string_view merge) noexcept;

// What a model file says of its tokenizer. The views need to be valid during construction only.
struct TokenizerParts {
  enum class Kind { BpeMerges, SentencePieceScores };
  Kind kind = Kind::BpeMerges;
  std::vector<std::string_view> tokens;  // id -> piece, spaces as U+2581
  std::vector<float> scores;             // SentencePieceScores only
  std::vector<int32_t> types;            // GGUF token types (1 normal, 3 control, 4 user-defined, 6 byte), or empty
  std::vector<MergePair> merges;         // rank = index; BpeMerges only
  std::optional<TokenId> bos, eos, unk, pad;
  std::vector<TokenId> extra_eos;  // further stop ids the file names
  std::string source;              // file name for messages

  // Tokens that are matched in text before anything else, beside the control tokens that the family is known to have
  // and those of type 4. From tokenizer.json.
  struct Added {
    TokenId id;
    bool is_control;
  };
  std::vector<Added> added;
};

// Which special (added, control) tokens a text may produce. User text never gets Allow.
enum class Specials { Forbid, Allow };

class Tokenizer {
 public:
  static std::shared_ptr<const Tokenizer> from_parts(const TokenizerParts& parts);
  // The bytes of a Hugging Face tokenizer.json; name for messages. FormatError for any other pipeline than Gemma's.
  static std::shared_ptr<const Tokenizer> from_json(std::string_view json, std::string name);
  virtual ~Tokenizer() = default;

  // ids of `text`, without <bos>. Invalid UTF-8 is read as U+FFFD (each maximal invalid subsequence).
  virtual std::vector<TokenId> encode(std::string_view text, Specials specials) const = 0;

  // The whole sequence's text (spec/tokenizer 7.1). With skip_specials the special tokens give nothing.
  virtual std::string decode(std::span<const TokenId> ids, bool skip_specials) const = 0;

  virtual int n_tokens() const noexcept = 0;
  virtual std::string_view piece(TokenId id) const noexcept = 0;  // raw, spaces as U+2581; "" out of range
  virtual std::optional<TokenId> find(std::string_view piece) const noexcept = 0;
  virtual bool is_special(TokenId id) const noexcept = 0;                    // control: never text
  virtual std::optional<uint8_t> byte_value(TokenId id) const noexcept = 0;  // of <0xNN>
  virtual std::optional<TokenId> bos() const noexcept = 0;
  virtual std::optional<TokenId> eos() const noexcept = 0;
  // Ends an answer: <eos>, <turn|>, <|tool_response> (Gemma 4), <end_of_turn> (Gemma 3), and what the file names.
  virtual std::span<const TokenId> stop_tokens() const noexcept = 0;
};

}  // namespace facet::text
