#include "text/piece_classes.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "text/output_controls.h"
#include "text/utf8.h"

namespace facet::text {
namespace {

// Beside Gemma 4's (output_controls.h). Found by text: files are not to be trusted on which tokens are special.
constexpr std::string_view kGemma3Controls[] = {"<start_of_turn>", "<end_of_turn>", "<start_of_image>",
                                                "<end_of_image>", "<image_soft_token>"};
constexpr std::string_view kStopPieces[] = {"<eos>", "<turn|>", "<|tool_response>", "<end_of_turn>"};
constexpr int32_t kTypeControl = 3, kTypeUserDefined = 4;

std::optional<uint8_t> parse_byte_piece(std::string_view piece) {
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece[5] != '>') return {};
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  const int high = digit(piece[3]), low = digit(piece[4]);
  if (high < 0 || low < 0) return {};
  return static_cast<uint8_t>(high * 16 + low);
}

bool is_unused_piece(std::string_view piece) { return piece.starts_with("<unused") && piece.ends_with(">"); }

// The types of SentencePiece files are the model's own; those of later files vary with the converter.
bool has_type(const TokenizerParts& parts, size_t id, int32_t type) {
  return parts.kind == TokenizerParts::Kind::SentencePieceScores && id < parts.types.size() && parts.types[id] == type;
}

void check(const Vocabulary& vocabulary, const TokenizerParts& parts) {
  const size_t n = parts.tokens.size();
  if (!parts.types.empty() && parts.types.size() != n)
    throw_error<FormatError>("{}: {} token types for {} tokens", parts.source, parts.types.size(), n);
  for (const auto& id : {parts.bos, parts.eos, parts.unk, parts.pad})
    if (id && !vocabulary.has(*id))
      throw_error<FormatError>("{}: special token {} is outside the vocabulary of {}", parts.source, *id, n);
  for (const auto& added : parts.added)
    if (!vocabulary.has(added.id))
      throw_error<FormatError>("{}: added token {} is outside the vocabulary of {}", parts.source, added.id, n);
}

std::vector<bool> find_control(const Vocabulary& vocabulary, const TokenizerParts& parts) {
  std::vector<bool> control(parts.tokens.size(), false);
  const auto mark = [&](std::string_view text) {
    if (const TokenId id = vocabulary.find(text); id >= 0) control[static_cast<size_t>(id)] = true;
  };
  for (const ControlName& token : kControlNames) mark(token.name);
  for (const std::string_view text : kGemma3Controls) mark(text);
  for (const auto& added : parts.added)
    if (added.is_control) control[static_cast<size_t>(added.id)] = true;
  for (size_t i = 0; i < control.size(); ++i)
    if (has_type(parts, i, kTypeControl)) control[i] = true;
  return control;
}

std::vector<TokenId> find_stop(const Vocabulary& vocabulary, const TokenizerParts& parts) {
  std::vector<TokenId> stop;
  const auto add = [&](TokenId id) {
    if (vocabulary.has(id) && std::find(stop.begin(), stop.end(), id) == stop.end()) stop.push_back(id);
  };
  for (const std::string_view text : kStopPieces) add(vocabulary.find(text));
  if (parts.eos) add(*parts.eos);
  for (const TokenId id : parts.extra_eos) add(id);
  return stop;
}

}  // namespace

PieceClasses classify(const Vocabulary& vocabulary, const TokenizerParts& parts) {
  check(vocabulary, parts);
  PieceClasses out;
  out.control = find_control(vocabulary, parts);
  out.forbidden = out.control;
  out.byte_values.assign(parts.tokens.size(), -1);
  out.byte_tokens.fill(-1);
  out.stop = find_stop(vocabulary, parts);
  for (size_t i = 0; i < parts.tokens.size(); ++i) {
    const std::string_view piece = parts.tokens[i];
    if (const auto byte = parse_byte_piece(piece)) {
      out.byte_values[i] = *byte;
      out.byte_tokens[*byte] = static_cast<TokenId>(i);
      out.forbidden[i] = true;
    } else if (is_unused_piece(piece) || piece == "[multimodal]") {
      out.forbidden[i] = true;
    }
  }
  for (int b = 0; b < 256; ++b)
    if (out.byte_tokens[static_cast<size_t>(b)] < 0)
      throw_error<FormatError>("{}: the vocabulary lacks the byte token <0x{:02X}>", parts.source, b);
  return out;
}

AddedTokens added_tokens(const Vocabulary& vocabulary, const PieceClasses& classes, const TokenizerParts& parts) {
  AddedTokens out;
  const auto add = [&](size_t id, std::string_view text) {
    if (classes.control[id] || classes.byte_values[id] >= 0) return;
    // No merge gives [multimodal], but a file that adds it as a token has it matched, as recorded results do.
    out.add(text, static_cast<TokenId>(id), is_unused_piece(vocabulary.piece(static_cast<TokenId>(id))));
  };
  for (const auto& added : parts.added) add(static_cast<size_t>(added.id), vocabulary.piece(added.id));
  for (size_t i = 0; i < classes.control.size(); ++i) {
    const std::string_view piece = vocabulary.piece(static_cast<TokenId>(i));
    if (classes.control[i])
      out.add(piece, static_cast<TokenId>(i), true);
    else if (has_type(parts, i, kTypeUserDefined))
      add(i, replace_all(piece, kSpaceSymbol, " "));
  }
  return out;
}

}  // namespace facet::text
