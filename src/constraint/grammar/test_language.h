// For tests: which texts a grammar allows, byte by byte.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "constraint/matcher/matcher.h"
#include "constraint/matcher/test_vocabulary.h"

namespace facet::constraint {

class TestLanguage {
 public:
  explicit TestLanguage(Grammar grammar) : grammar_(std::make_shared<CompiledGrammar>(std::move(grammar))) {}

  bool begins_with(std::string_view text) const { return Matcher(grammar_, test_vocabulary()).accept_bytes(text); }
  bool has(std::string_view text) const {
    Matcher matcher(grammar_, test_vocabulary());
    return matcher.accept_bytes(text) && matcher.may_end();
  }

 private:
  std::shared_ptr<const CompiledGrammar> grammar_;
};

}  // namespace facet::constraint
