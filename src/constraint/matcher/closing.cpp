#include "constraint/matcher/closing.h"

#include <algorithm>

namespace facet::constraint {
namespace {

// How far beyond a guess an ending may lie where texts must differ from each other, before it is looked for.
size_t far_beyond(size_t guess) { return 2 * guess + 64; }

// Calls visit(length, token) for each token that the text begins with.
template <class Visit>
void for_each_prefix(const TokenTrie& trie, std::string_view text, const Visit& visit) {
  const TokenTrie::Node* node = &trie.root();
  for (size_t n = 1; n <= text.size(); ++n) {
    const auto children = trie.children(*node);
    const auto byte = static_cast<uint8_t>(text[n - 1]);
    const auto child = std::lower_bound(children.begin(), children.end(), byte,
                                        [](const TokenTrie::Node& c, uint8_t b) { return c.byte < b; });
    if (child == children.end() || child->byte != byte) return;
    node = &*child;
    if (const auto tokens = trie.tokens_at(*node); !tokens.empty()) visit(n, tokens.front());
  }
}

}  // namespace

bool Closing::fits(StateId state, size_t n_tokens) {
  if (n_tokens >= kMuchRoom) return true;
  const size_t guess = endings_.distance(state);  // a token has one byte at least
  if ((endings_.are_exact() ? guess : far_beyond(guess)) <= n_tokens) return true;
  return guess < Endings::kLongest && way(state).n_tokens <= n_tokens;
}

std::optional<uint32_t> Closing::n_tokens(StateId state) {
  const uint32_t n = way(state).n_tokens;
  return n == kNoWay ? std::nullopt : std::optional(n);
}

// From the end of the text to its beginning: the fewest tokens that write what follows. That is known of every state on
// the way then.
const Closing::Way& Closing::way(StateId state) {
  if (const auto it = ways_.find(state); it != ways_.end()) return it->second;
  const auto text = endings_.shortest(state);
  if (!text) return ways_[state];
  std::vector<Way> from(text->size() + 1);
  from.back().n_tokens = 0;
  for (size_t i = text->size(); i-- > 0;)
    for (const TokenTrie* trie : {&tokens_.plain(), &tokens_.others()})
      for_each_prefix(*trie, std::string_view(*text).substr(i), [&](size_t n, TokenId token) {
        const uint32_t behind = from[i + n].n_tokens;
        if (behind != kNoWay && behind + 1 < from[i].n_tokens) from[i] = {behind + 1, token};
      });
  StateId at = state;
  for (size_t i = 0; i <= text->size(); ++i) {
    ways_.emplace(at, from[i]);
    if (i < text->size()) at = automaton_.step(at, static_cast<uint8_t>((*text)[i]));
  }
  return ways_.at(state);
}

void Closing::fill(StateId state, size_t n_tokens, TokenMask& mask) {
  std::ranges::fill(mask.words(), 0);
  if (n_tokens == 0) return;
  if (const Way& known = way(state); known.first >= 0) mask.add(known.first);
  // Texts that must not come twice are each a state of their own: too many to look at.
  const auto threads = automaton_.threads(state);
  if (std::ranges::any_of(threads, [](const Thread& thread) { return thread.text != kNoText; })) return;
  for (const TokenTrie* trie : {&tokens_.plain(), &tokens_.others()})
    walk(*trie, trie->root(), state, n_tokens - 1, mask);
}

void Closing::walk(const TokenTrie& trie, const TokenTrie::Node& node, StateId state, size_t n_tokens,
                   TokenMask& mask) {
  const ByteSet first = automaton_.first_bytes(state);
  for (const TokenTrie::Node& child : trie.children(node)) {
    if (!first[child.byte]) continue;
    const StateId there = automaton_.step(state, child.byte);
    if (there == kDead) continue;
    if (const auto tokens = trie.tokens_at(child); !tokens.empty() && fits(there, n_tokens))
      for (const TokenId token : tokens) mask.add(token);
    if (child.n_children > 0) walk(trie, child, there, n_tokens, mask);
  }
}

}  // namespace facet::constraint
