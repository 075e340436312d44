// A text under a grammar, token by token, chosen by the bytes of the fuzzer's input among those that are allowed.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "constraint/matcher/matcher.h"
#include "constraint/matcher/test_vocabulary.h"

// Throws RequestError as the engine does. The mask says what accept() says, and a text that may not end goes on.
inline void walk_grammar(facet::constraint::Grammar grammar, std::string_view choices) {
  using namespace facet::constraint;
  static const auto vocabulary = test_vocabulary();
  Matcher matcher(std::make_shared<CompiledGrammar>(std::move(grammar)), vocabulary);
  TokenMask mask;
  for (const char choice : choices.substr(0, std::min<size_t>(choices.size(), 64))) {
    matcher.mask(mask);
    const size_t n_allowed = mask.count();
    if (n_allowed == 0 || matcher.may_end() != mask.has(kTestStop)) std::abort();
    size_t to_skip = static_cast<unsigned char>(choice) % n_allowed;
    TokenId token = 0;
    for (; !mask.has(token) || to_skip > 0; ++token) to_skip -= mask.has(token);
    const auto other = static_cast<TokenId>(static_cast<unsigned char>(choice) % vocabulary->n_tokens());
    if (other != token && !mask.has(other) && matcher.accept(other)) std::abort();
    if (!matcher.accept(token)) std::abort();
    if (matcher.has_ended()) return;
  }
}
