// The least vocabulary of the chat format: its control tokens, the space and the 256 bytes, which spell everything
// else.
#pragma once

#include <fmt/format.h>

#include "text/output_parser.h"
#include "text/utf8.h"

inline const facet::text::Tokenizer& byte_vocabulary() {
  using namespace facet::text;
  static const auto tokenizer = [] {
    std::vector<std::string> pieces = {std::string(kSpaceSymbol)};
    for (const std::string_view name : control_token_names()) pieces.emplace_back(name);
    for (int b = 0; b < 256; ++b) pieces.push_back(fmt::format("<0x{:02X}>", b));
    TokenizerParts parts;
    parts.tokens.assign(pieces.begin(), pieces.end());
    return Tokenizer::from_parts(parts);
  }();
  return *tokenizer;
}
