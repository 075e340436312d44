// The laws that keep expressions few: each function returns an expression of the language it names, in one form for as
// many equal languages as is cheap. Unions have a file of their own, unions.cpp.
#include <algorithm>
#include <string>

#include "base/error.h"
#include "constraint/regex/store.h"

namespace facet::constraint {
namespace {

// Literals that follow each other are joined up to this length: beyond it, copying would cost more than it saves.
constexpr size_t kMaxJoinedLiteral = 256;

// -1 stands for no limit.
int sum_of_limits(int a, int b) { return a < 0 || b < 0 ? -1 : a + b; }

bool is_letters(const Expressions& expressions, RegexId id) {
  const RegexNode& node = expressions[id];
  return node.kind == RegexKind::Literal || (node.kind == RegexKind::Bytes && expressions.set(node).count() == 1);
}

void append_letters(const Expressions& expressions, RegexId id, std::string& out) {
  const RegexNode& node = expressions[id];
  if (node.kind == RegexKind::Literal)
    out += expressions.literal(node);
  else
    out += static_cast<char>(expressions.set(node)._Find_first());
}

}  // namespace

// A sequence is a chain to the right: the head is no sequence.
RegexId Regexes::Store::concat(RegexId first, RegexId second) {
  std::vector<RegexId> heads;
  for (; expressions[first].kind == RegexKind::Concat; first = expressions[first].b)
    heads.push_back(expressions[first].a);
  RegexId chain = prepend(first, second);
  while (!heads.empty()) {
    chain = prepend(heads.back(), chain);
    heads.pop_back();
  }
  return chain;
}

RegexId Regexes::Store::prepend(RegexId head, RegexId tail) {
  head = known(head);
  tail = known(tail);
  if (head == kNothing || tail == kNothing) return kNothing;
  if (head == kEmpty) return tail;
  if (tail == kEmpty) return head;
  RegexId merged;
  if (merge_literals(head, tail, merged) || merge_repeats(head, tail, merged)) return merged;
  return expressions.concat(head, tail);
}

bool Regexes::Store::merge_literals(RegexId head, RegexId tail, RegexId& merged) {
  if (!is_letters(expressions, head)) return false;
  const RegexNode after = expressions[tail];
  const bool is_chain = after.kind == RegexKind::Concat;
  const RegexId next = is_chain ? after.a : tail;
  if (!is_letters(expressions, next)) return false;
  std::string joined;
  append_letters(expressions, head, joined);
  if (joined.size() > kMaxJoinedLiteral) return false;
  append_letters(expressions, next, joined);
  if (joined.size() > kMaxJoinedLiteral) return false;
  merged = expressions.literal(joined);
  if (is_chain) merged = expressions.concat(merged, after.b);
  return true;
}

// x{a,b} x{c,d} is x{a+c,b+d}.
bool Regexes::Store::merge_repeats(RegexId head, RegexId tail, RegexId& merged) {
  const RegexNode first = expressions[head], after = expressions[tail];
  if (head == kAnything && (tail == kAnything || (after.kind == RegexKind::Concat && after.a == kAnything)))
    return merged = tail, true;
  if (first.kind != RegexKind::Repeat) return false;
  const bool is_chain = after.kind == RegexKind::Concat;
  const RegexNode second = is_chain ? expressions[after.a] : after;
  if (second.kind != RegexKind::Repeat || second.a != first.a) return false;
  if (first.min > kMaxCount - second.min || std::max(first.max, 0) > kMaxCount - std::max(second.max, 0)) return false;
  merged = repeat(first.a, first.min + second.min, sum_of_limits(first.max, second.max));
  if (is_chain) merged = expressions.concat(merged, after.b);
  return true;
}

RegexId Regexes::Store::both(std::span<const RegexId> parts) {
  std::vector<RegexId> kept;
  ByteSet set = ByteSet{}.set();
  bool has_set = false;
  const auto add = [&](RegexId id) {
    if (id == kAnything) return;
    if (expressions[id].kind == RegexKind::Bytes) {
      set &= expressions.set(expressions[id]);
      has_set = true;
    } else {
      kept.push_back(id);
    }
  };
  for (const RegexId part : parts) {
    const RegexNode& node = expressions[known(part)];
    if (node.kind == RegexKind::Nothing) return kNothing;
    if (node.kind == RegexKind::Both)
      for (const RegexId id : expressions.parts(node)) add(id);
    else
      add(part);
  }
  if (has_set) kept.push_back(expressions.bytes(set));
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  if (kept.empty()) return kAnything;
  if (kept.size() == 1) return kept[0];
  if (kept[0] == kNothing || has_opposites(kept) || !drop_stars(kept)) return kNothing;
  if (kept.size() == 1) return kept[0];
  if (kept[0] == kEmpty) {
    const auto is_nullable = [&](RegexId id) { return expressions[id].nullable; };
    return std::all_of(kept.begin(), kept.end(), is_nullable) ? kEmpty : kNothing;
  }
  return expressions.both(kept);
}

// An expression and its complement.
bool Regexes::Store::has_opposites(std::span<const RegexId> parts) const {
  return std::any_of(parts.begin(), parts.end(), [&](RegexId id) {
    const RegexNode& node = expressions[id];
    return node.kind == RegexKind::Not && std::binary_search(parts.begin(), parts.end(), node.a);
  });
}

// x{2,5} & x* is x{2,5}, and x{2,5} without x* is nothing: the latter is false.
bool Regexes::Store::drop_stars(std::vector<RegexId>& parts) {
  const auto is_star = [&](RegexId id) {
    const RegexNode& node = expressions[id];
    return node.kind == RegexKind::Repeat && node.min == 0 && node.max < 0;
  };
  std::vector<RegexId> bodies;  // of what is no star
  for (const RegexId id : parts)
    if (expressions[id].kind == RegexKind::Repeat && !is_star(id)) bodies.push_back(expressions[id].a);
  const auto holds_others = [&](RegexId id) {
    return is_star(id) && std::find(bodies.begin(), bodies.end(), expressions[id].a) != bodies.end();
  };
  std::erase_if(parts, holds_others);
  return std::none_of(parts.begin(), parts.end(), [&](RegexId id) {
    return expressions[id].kind == RegexKind::Not && holds_others(expressions[id].a);
  });
}

RegexId Regexes::Store::complement(RegexId a) {
  a = known(a);
  if (a == kNothing) return kAnything;
  if (a == kAnything) return kNothing;
  if (expressions[a].kind == RegexKind::Not) return expressions[a].a;
  return expressions.complement(a);
}

RegexId Regexes::Store::repeat(RegexId a, int min, int max) {
  a = known(a);
  if (a == kEmpty || max == 0) return kEmpty;
  if (a == kNothing) return min == 0 ? kEmpty : kNothing;
  if (a == kAnything || (min == 1 && max == 1)) return a;
  const RegexNode node = expressions[a];
  if (node.nullable) min = 0;
  if (node.kind == RegexKind::Either && expressions.parts(node)[0] == kEmpty) {
    const auto parts = expressions.parts(node).subspan(1);
    return repeat(either(std::vector<RegexId>(parts.begin(), parts.end())), 0, max);
  }
  // (x*)*, (x+)*, (x+)+, (x?)* and the like
  if (node.kind == RegexKind::Repeat && max < 0 && node.min <= 1) return repeat(node.a, node.min == 0 ? 0 : min, -1);
  if (node.kind == RegexKind::Repeat && node.max < 0 && node.min == 0) return a;
  // (x{0,m}){0,n}
  if (node.kind == RegexKind::Repeat && node.min == 0 && max <= kMaxCount / node.max)
    return repeat(node.a, 0, node.max * max);
  if (node.kind == RegexKind::Bytes && expressions.set(node).all() && min == 0 && max < 0) return kAnything;
  return expressions.repeat(a, min, max);
}

}  // namespace facet::constraint
