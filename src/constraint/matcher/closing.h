// Which tokens may come next if the text has to end within so many: those behind which an ending fits. Endings are
// counted in tokens as the vocabulary writes them shortest.
#pragma once

#include <optional>
#include <unordered_map>

#include "constraint/matcher/automaton.h"
#include "constraint/matcher/endings.h"
#include "constraint/matcher/token_table.h"

namespace facet::constraint {

class Closing {
 public:
  // Beyond the length of any ending nothing is asked, so an answer that has much room costs nothing.
  static constexpr size_t kMuchRoom = Endings::kLongest;

  Closing(Automaton& automaton, Endings& endings, const TokenTable& tokens)
      : automaton_(automaton), endings_(endings), tokens_(tokens) {}

  // Whether a text in this state can end within `n_tokens` more tokens. Costs a look-up while there are many.
  bool fits(StateId state, size_t n_tokens);
  // Tokens of the ending that is known; none: none is.
  std::optional<uint32_t> n_tokens(StateId state);
  // Sets the mask, but for the stop tokens, to tokens behind which one token less is enough. One is in it, unless the
  // text may end. The state fits.
  void fill(StateId state, size_t n_tokens, TokenMask& mask);
  size_t n_bytes() const noexcept { return ways_.size() * 48; }

 private:
  struct Way {
    uint32_t n_tokens = kNoWay;
    TokenId first = -1;
  };
  static constexpr uint32_t kNoWay = UINT32_MAX;

  const Way& way(StateId state);
  void walk(const TokenTrie& trie, const TokenTrie::Node& node, StateId state, size_t n_tokens, TokenMask& mask);

  Automaton& automaton_;
  Endings& endings_;
  const TokenTable& tokens_;
  std::unordered_map<StateId, Way> ways_;
};

}  // namespace facet::constraint
