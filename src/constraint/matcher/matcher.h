// A text that grows token by token under a grammar: which tokens may come next, and taking one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "constraint/grammar/grammar.h"
#include "constraint/matcher/token_mask.h"
#include "constraint/matcher/token_table.h"

namespace facet::constraint {

class SharedAutomaton;

// A grammar with the states that have been met so far, shared by all texts under it; any number of threads may use it.
class CompiledGrammar {
 public:
  // Finishes the grammar: throws RequestError where that does.
  explicit CompiledGrammar(Grammar grammar);
  ~CompiledGrammar();
  size_t n_bytes() const;  // memory, with all that is remembered
  size_t n_states() const;
  size_t n_expressions() const;

 private:
  friend class Matcher;
  std::unique_ptr<SharedAutomaton> shared_;
};

// A value: copies go on from where they were made, each with one thread at a time.
class Matcher {
 public:
  Matcher(std::shared_ptr<const CompiledGrammar> grammar, std::shared_ptr<const TokenTable> tokens);

  // Sets `mask` to the tokens that may come next; the table's stop tokens where the text may end here. Throws
  // RequestError when nothing may come next (a vocabulary that cannot express what the grammar wants).
  void mask(TokenMask& mask);
  // Whether anything may come behind a token that may come next. Where items must differ, one may end that has been
  // there before and could only have gone on to be another: mask() does not look that far.
  bool leads_on(TokenId token);
  // Throws what mask() does.
  [[noreturn]] void throw_nothing_follows() const;
  // Whether the text, with the token behind it if one is given, can be ended within `n_tokens` more: with its shortest
  // ending, as far as one is found. From 4,096 on nothing is looked for: true. This and the next two throw RequestError
  // where looking for an ending goes beyond the limits of the grammar; the text may still go on.
  bool can_end_within(size_t n_tokens, std::optional<TokenId> behind = {});
  // Sets `mask` to tokens behind which the text can still be ended within `n_tokens`, these counted in: to all of
  // them, but inside items and keys that must differ only to the one that begins the ending which is known, and to none
  // if none is. The stop tokens are in it where the text may end. The text can be ended.
  void closing_mask(TokenMask& mask, size_t n_tokens);
  std::optional<size_t> tokens_to_end();  // of the shortest ending; none: none is known
  // Takes a token; false, and nothing changes, if the grammar does not allow it. A stop token ends the text.
  bool accept(TokenId token);
  bool accept_bytes(std::string_view bytes);  // as one token
  bool may_end();
  bool has_ended() const noexcept { return has_ended_; }  // a stop token was taken
  size_t n_tokens() const noexcept { return marks_.size() - 1 + (has_ended_ ? 1 : 0); }
  // Takes back all but the first `n_tokens` tokens.
  void rollback(size_t n_tokens);
  // The bytes that must come next in any text that the grammar allows, control tokens as kControlByte and their index;
  // "" if there is a choice.
  std::string forced(size_t max_bytes = 256);

 private:
  struct Mark {
    uint32_t state;
    size_t n_bytes;
  };
  void catch_up();

  std::shared_ptr<const CompiledGrammar> grammar_;
  std::shared_ptr<const TokenTable> tokens_;
  std::vector<Mark> marks_;  // the beginning, and behind each token
  std::string text_;
  uint64_t epoch_ = 0;  // of the automaton that the states belong to
  bool has_ended_ = false;
};

}  // namespace facet::constraint
