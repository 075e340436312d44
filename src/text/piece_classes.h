// What the pieces of a vocabulary are beside text: control tokens, bytes, and what no text may turn into.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "text/added_tokens.h"
#include "text/vocabulary.h"

namespace facet::text {

struct PieceClasses {
  std::vector<bool> control;             // by id: structure, never text
  std::vector<bool> forbidden;           // by id: no merge gives it (control, bytes, unused entries, [multimodal])
  std::vector<int16_t> byte_values;      // by id; -1: no byte token
  std::array<TokenId, 256> byte_tokens;  // of <0xNN>
  std::vector<TokenId> stop;             // ends an answer
};

// Throws FormatError when lists disagree in length, an id is out of range, or a byte token is missing.
PieceClasses classify(const Vocabulary& vocabulary, const TokenizerParts& parts);

// What is matched in text before anything else. Only with permission: control tokens and unused entries.
AddedTokens added_tokens(const Vocabulary& vocabulary, const PieceClasses& classes, const TokenizerParts& parts);

}  // namespace facet::text
