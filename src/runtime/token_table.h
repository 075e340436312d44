// The vocabulary as grammars see it: what each token adds to a text, and the control tokens that calls are made of.
#pragma once

#include <span>
#include <vector>

#include "constraint/matcher/token_table.h"
#include "text/tokenizer.h"

namespace facet::runtime {

// Indices of Regexes::control(): the order in which a table has these tokens.
enum class GrammarControl : uint8_t {
  CallBegin,  // <|tool_call>
  CallEnd,    // <tool_call|>
  Quote,      // <|"|>
};

// Those tokens in this order; none of a vocabulary that lacks one of them.
std::vector<text::TokenId> grammar_controls(const text::Tokenizer& tokenizer);

// Tokens that are no text (control tokens, and stops) have no bytes.
constraint::TokenTableParts token_table_parts(const text::Tokenizer& tokenizer, std::span<const text::TokenId> stops);

}  // namespace facet::runtime
