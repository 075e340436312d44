// Unions: alternatives sorted and joined where that is cheap, literals as a trie, so that of ten thousand of them those
// that are left after a few bytes are few.
#include <algorithm>
#include <unordered_set>

#include "constraint/regex/store.h"

namespace facet::constraint {
namespace {

void sort_and_deduplicate(std::vector<RegexId>& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

size_t common_prefix(std::string_view a, std::string_view b) {
  const size_t n = std::min(a.size(), b.size());
  return static_cast<size_t>(std::mismatch(a.begin(), a.begin() + n, b.begin()).first - a.begin());
}

}  // namespace

RegexId Regexes::Store::either(std::span<const RegexId> parts) {
  std::vector<RegexId> kept, literals;
  ByteSet set;
  bool has_empty = false, has_all = false;
  const auto add = [&](RegexId id) {
    const RegexNode& node = expressions[id];
    if (node.kind == RegexKind::Bytes)
      set |= expressions.set(node);
    else if (node.kind == RegexKind::Literal)
      literals.push_back(id);
    else if (id == kAnything)
      has_all = true;
    else if (id == kEmpty)
      has_empty = true;
    else if (id != kNothing)
      kept.push_back(id);
  };
  for (const RegexId part : parts) {
    const RegexNode& node = expressions[known(part)];
    if (node.kind == RegexKind::Either)
      for (const RegexId id : expressions.parts(node)) add(id);
    else
      add(known(part));
  }
  if (has_all) return kAnything;
  sort_and_deduplicate(kept);
  join_byte_heads(kept);
  join_repeats(kept);
  absorb_tails(kept);
  factor_literals(literals, kept);
  if (set.any()) kept.push_back(expressions.bytes(set));
  const auto is_nullable = [&](RegexId id) { return expressions[id].nullable; };
  if (has_empty && std::none_of(kept.begin(), kept.end(), is_nullable)) kept.push_back(kEmpty);
  sort_and_deduplicate(kept);
  if (kept.empty()) return kNothing;
  if (kept.size() == 1) return kept[0];
  if (has_opposites(kept)) return kAnything;
  return expressions.either(kept);
}

// [ab]x | cx is [abc]x.
void Regexes::Store::join_byte_heads(std::vector<RegexId>& parts) {
  struct Chain {
    RegexId tail, head;
    bool operator<(const Chain& o) const { return tail < o.tail; }
  };
  std::vector<Chain> chains;
  for (const RegexId id : parts) {
    const RegexNode& node = expressions[id];
    if (node.kind == RegexKind::Concat && expressions[node.a].kind == RegexKind::Bytes)
      chains.push_back({node.b, node.a});
  }
  if (chains.size() < 2) return;
  std::erase_if(parts, [&](RegexId id) {
    const RegexNode& node = expressions[id];
    return node.kind == RegexKind::Concat && expressions[node.a].kind == RegexKind::Bytes;
  });
  std::sort(chains.begin(), chains.end());
  for (size_t i = 0; i < chains.size();) {
    const RegexId tail = chains[i].tail;
    ByteSet set;
    for (; i < chains.size() && chains[i].tail == tail; ++i) set |= expressions.set(expressions[chains[i].head]);
    parts.push_back(prepend(expressions.bytes(set), tail));
  }
  sort_and_deduplicate(parts);
}

// u x{1,3} v | u x{2,8} v is u x{1,8} v: without this, counters would pile up.
void Regexes::Store::join_repeats(std::vector<RegexId>& parts) {
  std::vector<Counted> counted;
  std::vector<RegexId> others;
  for (const RegexId id : parts) {
    const Counted c = counted_of(id);
    if (c.body == kNothing)
      others.push_back(id);
    else
      counted.push_back(c);
  }
  if (counted.size() < 2) return;
  std::sort(counted.begin(), counted.end());
  for (size_t i = 0; i < counted.size();) {
    Counted joined = counted[i++];
    for (; i < counted.size() && counted[i].is_like(joined) && counted[i].min <= int64_t{joined.max} + 1; ++i)
      joined.max = std::max(joined.max, counted[i].max);
    const RegexId repeated = repeat(joined.body, joined.min, joined.max == kNoLimit ? -1 : joined.max);
    others.push_back(prepend(joined.head, prepend(repeated, joined.tail)));
  }
  parts = std::move(others);
  sort_and_deduplicate(parts);
}

// The body is kNothing if `id` does not begin with a repetition, nor has one in second place.
Regexes::Store::Counted Regexes::Store::counted_of(RegexId id) const {
  Counted out;
  if (const RegexNode& node = expressions[id];
      node.kind == RegexKind::Concat && expressions[node.a].kind != RegexKind::Repeat) {
    out.head = node.a;
    id = node.b;
  }
  const bool is_chain = expressions[id].kind == RegexKind::Concat;
  const RegexNode& node = is_chain ? expressions[expressions[id].a] : expressions[id];
  if (node.kind != RegexKind::Repeat) return {};
  out.body = node.a;
  out.min = node.min;
  out.max = node.max < 0 ? kNoLimit : node.max;
  if (is_chain) out.tail = expressions[id].b;
  return out;
}

// x | yx is yx if y may be empty.
void Regexes::Store::absorb_tails(std::vector<RegexId>& parts) const {
  std::unordered_set<RegexId> tails;
  for (RegexId id : parts)
    while (expressions[id].kind == RegexKind::Concat && expressions[expressions[id].a].nullable) {
      id = expressions[id].b;
      if (!tails.insert(id).second) break;
    }
  std::erase_if(parts, [&](RegexId id) { return tails.contains(id); });
}

// Literals that begin alike share their beginning. Without recursion: they may be long and many.
void Regexes::Store::factor_literals(std::vector<RegexId>& literals, std::vector<RegexId>& parts) {
  if (literals.size() < 2) {
    parts.insert(parts.end(), literals.begin(), literals.end());
    return;
  }
  const auto text = [&](RegexId id) { return expressions.literal(expressions[id]); };
  std::sort(literals.begin(), literals.end(), [&](RegexId a, RegexId b) { return text(a) < text(b); });
  literals.erase(std::unique(literals.begin(), literals.end()), literals.end());
  struct Fork {
    size_t depth;  // bytes from the beginning
    std::vector<RegexId> branches;
  };
  std::vector<Fork> open = {{0, {}}};
  for (size_t i = 0; i < literals.size(); ++i) {
    const RegexNode node = expressions[literals[i]];
    const size_t shared = i + 1 < literals.size() ? common_prefix(text(literals[i]), text(literals[i + 1])) : 0;
    if (shared > open.back().depth) open.push_back({shared, {}});
    size_t depth = open.back().depth;
    open.back().branches.push_back(depth == 0 ? literals[i] : expressions.part_of_literal(node, depth, node.b - depth));
    for (; (depth = open.back().depth) > shared;) {
      const RegexId fork = either(open.back().branches);
      open.pop_back();
      if (open.back().depth < shared) open.push_back({shared, {}});
      const size_t begin = open.back().depth;
      open.back().branches.push_back(prepend(expressions.part_of_literal(node, begin, depth - begin), fork));
    }
  }
  parts.insert(parts.end(), open[0].branches.begin(), open[0].branches.end());
}

}  // namespace facet::constraint
