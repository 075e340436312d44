// Merging the symbols of one run of text, by whatever rule says which pairs merge. Short runs use a plain scan, long
// ones a heap, so that a megabyte without a break costs O(n log n). Internal to text/.
#pragma once

#include <queue>
#include <vector>

#include "text/merges.h"

namespace facet::text {

// A symbol of a run: its bytes [begin, end) in the text, and its token (-1: none).
struct Symbol {
  uint32_t begin, end;
  TokenId id;
};

// Replaces adjacent symbols by their merges until no pair merges; the lowest rank first, the leftmost of equals.
// find(left, right) -> Merge.
template <class Find>
void merge_short(std::vector<Symbol>& symbols, std::vector<Merge>& pairs, Find&& find) {
  pairs.clear();
  for (size_t i = 0; i + 1 < symbols.size(); ++i) pairs.push_back(find(symbols[i], symbols[i + 1]));
  while (!pairs.empty()) {
    size_t best = 0;
    for (size_t i = 1; i < pairs.size(); ++i)
      if (pairs[i].rank < pairs[best].rank) best = i;
    if (pairs[best].rank == Merge::kNone) return;
    symbols[best] = {symbols[best].begin, symbols[best + 1].end, pairs[best].result};
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    pairs.erase(pairs.begin() + static_cast<std::ptrdiff_t>(best));
    if (best > 0) pairs[best - 1] = find(symbols[best - 1], symbols[best]);
    if (best < pairs.size()) pairs[best] = find(symbols[best], symbols[best + 1]);
  }
}

template <class Find>
void merge_long(std::vector<Symbol>& symbols, Find&& find) {
  struct Candidate {
    uint32_t rank, left, right, right_end;  // an entry is stale when its right symbol is gone or has grown
    TokenId result;
    bool operator<(const Candidate& o) const { return rank != o.rank ? rank > o.rank : left > o.left; }  // top: lowest
  };
  const auto n = static_cast<uint32_t>(symbols.size());
  std::vector<uint32_t> next(n), previous(n);
  std::vector<bool> gone(n, false);
  std::vector<Candidate> candidates;
  for (uint32_t i = 0; i < n; ++i) {
    next[i] = i + 1;
    previous[i] = i - 1;
    if (i + 1 == n) break;
    if (const Merge m = find(symbols[i], symbols[i + 1]); m.rank != Merge::kNone)
      candidates.push_back({m.rank, i, i + 1, symbols[i + 1].end, m.result});
  }
  std::priority_queue<Candidate> queue(std::less<Candidate>(), std::move(candidates));
  const auto offer = [&](uint32_t left, uint32_t right) {
    if (const Merge m = find(symbols[left], symbols[right]); m.rank != Merge::kNone)
      queue.push({m.rank, left, right, symbols[right].end, m.result});
  };
  while (!queue.empty()) {
    const Candidate c = queue.top();
    queue.pop();
    if (gone[c.left] || gone[c.right] || next[c.left] != c.right || symbols[c.right].end != c.right_end) continue;
    symbols[c.left] = {symbols[c.left].begin, symbols[c.right].end, c.result};
    gone[c.right] = true;
    next[c.left] = next[c.right];
    if (next[c.left] < n) {
      previous[next[c.left]] = c.left;
      offer(c.left, next[c.left]);
    }
    if (c.left > 0) offer(previous[c.left], c.left);
  }
  size_t out = 0;
  for (uint32_t i = 0; i < n; ++i)
    if (!gone[i]) symbols[out++] = symbols[i];
  symbols.resize(out);
}

}  // namespace facet::text
