// For tests: which texts a grammar allows, byte by byte.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "constraint/matcher/matcher.h"

namespace facet::constraint {

inline std::shared_ptr<const TokenTable> byte_tokens() {
  TokenTableParts parts;
  for (int byte = 0; byte < 256; ++byte) parts.bytes.emplace_back(1, static_cast<char>(byte));
  parts.bytes.emplace_back();
  parts.stops = {256};
  return TokenTable::make(parts);
}

class TestLanguage {
 public:
  explicit TestLanguage(Grammar grammar) : grammar_(std::make_shared<CompiledGrammar>(std::move(grammar))) {}

  bool begins_with(std::string_view text) const { return Matcher(grammar_, byte_tokens()).accept_bytes(text); }
  bool has(std::string_view text) const {
    Matcher matcher(grammar_, byte_tokens());
    return matcher.accept_bytes(text) && matcher.may_end();
  }

 private:
  std::shared_ptr<const CompiledGrammar> grammar_;
};

}  // namespace facet::constraint
