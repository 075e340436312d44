// A text that grows token by token under a grammar: which tokens may come next, and taking one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "constraint/grammar/grammar.h"
#include "constraint/matcher/token_table.h"

namespace facet::constraint {

class Automaton;

// A grammar with the states that have been met so far, shared by all texts under it; any number of threads may use it.
class CompiledGrammar {
 public:
  explicit CompiledGrammar(Grammar grammar);  // calls finish()
  ~CompiledGrammar();
  size_t n_bytes() const;  // memory, with all that is cached
  size_t n_states() const;

 private:
  friend class Matcher;
  std::unique_ptr<Automaton> automaton_;
};

// A value: copies go on from where they were made. One thread at a time.
class Matcher {
 public:
  Matcher(std::shared_ptr<const CompiledGrammar> grammar, std::shared_ptr<const TokenTable> tokens);

  // Sets `mask` to the tokens that may come next; the table's stop tokens where the text may end here. Throws
  // RequestError when nothing may come next (a vocabulary that cannot express what the grammar wants).
  void mask(TokenMask& mask);
  // Takes a token; false, and nothing changes, if the grammar does not allow it. A stop token ends the text.
  bool accept(TokenId token);
  bool accept_bytes(std::string_view bytes);
  bool may_end();
  bool has_ended() const noexcept;   // a stop token was taken
  size_t n_tokens() const noexcept;  // taken
  // Takes back all but the first `n_tokens` tokens.
  void rollback(size_t n_tokens);
  // The bytes that must come next, in any text that the grammar allows; "" if there is a choice. At most max_bytes.
  std::string forced(size_t max_bytes = 256);

 private:
  struct Timeline;
  std::shared_ptr<const CompiledGrammar> grammar_;
  std::shared_ptr<const TokenTable> tokens_;
  std::shared_ptr<Timeline> timeline_;
};

}  // namespace facet::constraint
