// Follows a text under a grammar in the tokens of a model: which may come next, and which must.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "constraint/matcher/matcher.h"
#include "runtime/engine.h"

namespace facet::runtime {

class GrammarGuide {
 public:
  // The engine outlives the guide.
  GrammarGuide(std::shared_ptr<const constraint::CompiledGrammar> grammar, const Engine& engine);

  // Tokens that may come next; valid until take(). RequestError when there are none.
  const constraint::TokenMask& allowed();
  // Whether nothing could follow a token that is allowed: then it is so no longer. RequestError when no other one is.
  bool leads_nowhere(TokenId token);
  // Tokens that must come next, as the tokenizer would write the text that the grammar leaves no choice about; none
  // when there is a choice. A stop token comes alone: nothing else may follow.
  std::vector<TokenId> forced();
  // Whether the text can still be ended within `n_left` tokens behind this one. An answer that could not even before it
  // goes on as if there were no limit; so does one whose grammar is too much for a search of its ending.
  bool leaves_room(TokenId token, int n_left);
  // Tokens that leave room, valid until take(): all of them, or one inside items and keys that must differ. Asked for
  // where leaves_room() has just said no.
  const constraint::TokenMask& closing(int n_left);
  bool may_end() { return matcher_.may_end(); }
  std::optional<size_t> tokens_to_end();  // of the shortest ending; none: none is known
  // How many tokens of a guess may come.
  size_t n_allowed(std::span<const TokenId> guess);
  // A token that may come has come.
  void take(TokenId token);

 private:
  bool must_end();
  size_t accept(std::span<const TokenId> tokens);
  std::vector<TokenId> encode(std::string_view bytes) const;

  const text::Tokenizer& tokenizer_;
  std::span<const TokenId> stops_;
  std::shared_ptr<const constraint::TokenTable> table_;
  std::vector<TokenId> controls_;
  constraint::Matcher matcher_;
  constraint::TokenMask mask_;
  bool mask_is_known_ = false;
  bool is_past_ending_ = false;  // there is no room for an ending
};

}  // namespace facet::runtime
