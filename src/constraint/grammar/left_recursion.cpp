#include "constraint/grammar/left_recursion.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "constraint/grammar/fixpoint.h"

namespace facet::constraint {
namespace {

using Kind = Grammar::Kind;

// Which nodes may stand for the empty text.
std::vector<bool> nullable_nodes(Grammar& grammar) {
  return least_fixpoint(grammar, [&grammar](const Grammar::Node& node, const std::vector<bool>& is) {
    const auto of_part = [&is](NodeId part) { return is[part]; };
    switch (node.kind) {
      case Kind::Terminal:
        return grammar.regexes().is_nullable(node.regex);
      case Kind::Choice:
        return std::any_of(node.parts.begin(), node.parts.end(), of_part);
      case Kind::Sequence:
      case Kind::Rule:
        return std::all_of(node.parts.begin(), node.parts.end(), of_part);
      case Kind::Repeat:
        return node.min == 0 || is[node.parts[0]];
      case Kind::Object:
      case Kind::Array:
        return false;
    }
    return false;
  });
}

// Paull's algorithm: the rules of a cycle are taken in order; in each, those before it are put in where they begin an
// alternative, and what then begins with the rule itself (A: A x | y) is turned round (A: y x*).
class LeftRecursion {
 public:
  explicit LeftRecursion(Grammar& grammar) : grammar_(grammar), nullable_(nullable_nodes(grammar)) {
    order_.assign(grammar.size(), 0);
  }

  void remove() {
    const std::vector<bool> on_cycle = nodes_on_cycles();
    for (NodeId id = 0; id < on_cycle.size(); ++id) {
      if (!on_cycle[id] || grammar_.node(id).kind != Kind::Rule) continue;
      cyclic_.push_back(id);
      order_[id] = static_cast<uint32_t>(cyclic_.size());
    }
    for (const NodeId rule : cyclic_) turn(rule);
  }

 private:
  // What follows a leading `rule` in a node's texts, and the texts that do not begin with it.
  struct Split {
    std::vector<NodeId> after;
    NodeId rest;
  };

  bool is_nullable(NodeId id) const { return id < nullable_.size() && nullable_[id]; }

  // The parts that a text of the node may begin with.
  std::vector<NodeId> leading(NodeId id) const {
    const auto& node = grammar_.node(id);
    if (node.kind != Kind::Sequence) return node.parts;
    std::vector<NodeId> out;
    for (const NodeId part : node.parts) {
      out.push_back(part);
      if (!is_nullable(part)) break;
    }
    return out;
  }

  // Nodes that can begin with themselves: those that are left when all that begin with nothing but what has been taken
  // away, or with which nothing begins that is left, are taken away.
  std::vector<bool> nodes_on_cycles() const {
    const auto n = static_cast<NodeId>(grammar_.size());
    std::vector<std::vector<NodeId>> next(n), before(n);
    for (NodeId id = 0; id < n; ++id) {
      next[id] = leading(id);
      for (const NodeId part : next[id]) before[part].push_back(id);
    }
    std::vector<bool> is(n, true);
    const auto take_away = [&](const auto& counted, const auto& told) {
      std::vector<size_t> count(n);
      std::vector<NodeId> open;
      for (NodeId id = 0; id < n; ++id) {
        count[id] = counted[id].size();
        if (count[id] == 0) open.push_back(id);
      }
      while (!open.empty()) {
        const NodeId id = open.back();
        open.pop_back();
        is[id] = false;
        for (const NodeId other : told[id])
          if (--count[other] == 0) open.push_back(other);
      }
    };
    take_away(next, before);
    take_away(before, next);
    return is;
  }

  void turn(NodeId rule) {
    Split found = split(grammar_.node(rule).parts[0], rule, 0);
    std::erase(found.after, empty());  // A: A says nothing
    if (found.after.empty()) return grammar_.define(rule, found.rest);
    grammar_.define(rule, grammar_.sequence({found.rest, grammar_.repeat(grammar_.choice(found.after), 0)}));
  }

  NodeId empty() {
    if (empty_ == Grammar::kNoNode) empty_ = grammar_.terminal(Regexes::kEmpty);
    return empty_;
  }
  NodeId nothing() { return grammar_.choice({}); }

  Split split(NodeId id, NodeId rule, int depth) {
    if (depth > kMaxDepth || grammar_.size() > order_.size() + kMaxNodes)
      throw RequestError("the grammar's rules begin with each other in too many ways");
    if (id == rule) return {{empty()}, nothing()};
    const Grammar::Node node = grammar_.node(id);
    switch (node.kind) {
      case Kind::Rule:
        if (order_of(id) == 0 || order_of(id) > order_of(rule)) return {{}, id};
        return split(node.parts[0], rule, depth + 1);
      case Kind::Sequence:
        return split_sequence(node, id, rule, depth);
      case Kind::Choice: {
        Split all;
        std::vector<NodeId> rests;
        for (const NodeId part : node.parts) {
          const Split one = split(part, rule, depth + 1);
          all.after.insert(all.after.end(), one.after.begin(), one.after.end());
          rests.push_back(one.rest);
        }
        all.rest = grammar_.choice(rests);
        return all;
      }
      case Kind::Repeat: {
        const Split one = split(node.parts[0], rule, depth + 1);
        if (one.after.empty()) return {{}, id};
        const NodeId more = grammar_.repeat(node.parts[0], std::max(0, node.min - 1), node.max < 0 ? -1 : node.max - 1);
        Split all = followed_by(one, more);
        if (node.min == 0) all.rest = grammar_.choice({all.rest, empty()});
        return all;
      }
      default:
        return {{}, id};
    }
  }

  Split split_sequence(const Grammar::Node& node, NodeId id, NodeId rule, int depth) {
    const Split first = split(node.parts[0], rule, depth + 1);
    const NodeId others = grammar_.sequence({node.parts.begin() + 1, node.parts.end()});
    if (is_nullable(node.parts[0])) {
      const auto parts = leading(id);
      for (size_t i = 1; i < parts.size(); ++i)
        if (!split(parts[i], rule, depth + 1).after.empty())
          throw_error<RequestError>(
              "the rule \"{}\" begins with itself behind something that may be empty: write it with * or + instead",
              grammar_.rule_name(grammar_.node(rule)));
    }
    if (first.after.empty() && first.rest == node.parts[0]) return {{}, id};
    return followed_by(first, others);
  }

  Split followed_by(const Split& first, NodeId others) {
    Split all;
    for (const NodeId a : first.after) all.after.push_back(a == empty() ? others : grammar_.sequence({a, others}));
    all.rest = grammar_.sequence({first.rest, others});
    return all;
  }

  uint32_t order_of(NodeId id) const { return id < order_.size() ? order_[id] : 0; }

  static constexpr int kMaxDepth = 200;
  static constexpr size_t kMaxNodes = 100'000;  // that are made
  Grammar& grammar_;
  std::vector<bool> nullable_;
  std::vector<NodeId> cyclic_;
  std::vector<uint32_t> order_;  // place among the rules of cycles, from 1; 0: in none
  NodeId empty_ = Grammar::kNoNode;
};

}  // namespace

void remove_left_recursion(Grammar& grammar) { LeftRecursion(grammar).remove(); }

}  // namespace facet::constraint
