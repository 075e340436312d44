#include "constraint/grammar/regular.h"

#include <algorithm>

namespace facet::constraint {
namespace {

using RulePart = RuleSet::Part;

// Expressions up to this size are made of parts; a larger one stays in parts. The size counts characters, repeated as
// often as they may be; it bounds the states of the usual expression.
constexpr size_t kMaxWeight = 2000;

class RuleFolder {
 public:
  RuleFolder(Grammar& grammar, std::span<const RulePart> parts, size_t n_rules)
      : grammar_(grammar), parts_(parts), rules_(n_rules) {}

  void add_regular(RuleId rule, const RuleSet::Rule& source) {
    rules_[rule] = fold(source.body);
    if (!rules_[rule].is_expression) {
      const NodeId node = grammar_.rule(source.name);
      grammar_.define(node, rules_[rule].node);
      rules_[rule].node = node;
    }
  }
  void declare(RuleId rule, const RuleSet::Rule& source) { rules_[rule] = Folded::of(grammar_.rule(source.name)); }
  void define(RuleId rule, const RuleSet::Rule& source) {
    grammar_.define(rules_[rule].node, node_of(fold(source.body)));
  }
  NodeId node(RuleId rule) { return node_of(rules_[rule]); }

 private:
  struct Folded {
    bool is_expression = false;
    RegexId regex = Regexes::kEmpty;
    size_t weight = 0;
    NodeId node = 0;  // if it is no expression

    static Folded of(NodeId node) { return {false, Regexes::kEmpty, 0, node}; }
  };

  NodeId node_of(const Folded& folded) { return folded.is_expression ? grammar_.terminal(folded.regex) : folded.node; }

  // Calls itself as deep as groups are nested, which the parsers limit; rules are folded one by one.
  Folded fold(PartId id) {
    const RulePart& part = parts_[id];
    switch (part.kind) {
      case RulePart::Kind::Expression:
        return {true, part.regex, part.weight, 0};
      case RulePart::Kind::Reference:
        return rules_[part.rule];
      case RulePart::Kind::Sequence:
        return sequence(part);
      case RulePart::Kind::Choice:
        return choice(part);
      case RulePart::Kind::Repeat:
        return repeat(part);
    }
    return {};
  }

  // Runs of expressions become one each.
  Folded sequence(const RulePart& part) {
    Regexes& regexes = grammar_.regexes();
    std::vector<NodeId> nodes;
    std::vector<RegexId> run;
    size_t weight = 0;
    const auto end_run = [&] {
      if (!run.empty()) nodes.push_back(grammar_.terminal(regexes.concat(run)));
      run.clear();
      weight = 0;
    };
    for (const PartId child : part.parts) {
      const Folded folded = fold(child);
      if (!folded.is_expression || weight + folded.weight > kMaxWeight) end_run();
      weight += folded.weight;
      if (folded.is_expression)
        run.push_back(folded.regex);
      else
        nodes.push_back(folded.node);
    }
    if (nodes.empty()) return {true, regexes.concat(run), weight, 0};
    end_run();
    return Folded::of(grammar_.sequence(std::move(nodes)));
  }

  Folded choice(const RulePart& part) {
    std::vector<NodeId> nodes;
    std::vector<RegexId> expressions;
    size_t weight = 0;
    for (const PartId child : part.parts) {
      const Folded folded = fold(child);
      weight = std::min(weight + folded.weight, kMaxWeight + 1);  // rules that double it 64 times must not wrap it
      if (folded.is_expression)
        expressions.push_back(folded.regex);
      else
        nodes.push_back(folded.node);
    }
    const RegexId either = grammar_.regexes().either(expressions);
    if (nodes.empty()) return {true, either, weight, 0};
    if (!expressions.empty()) nodes.push_back(grammar_.terminal(either));
    return Folded::of(grammar_.choice(std::move(nodes)));
  }

  Folded repeat(const RulePart& part) {
    const Folded folded = fold(part.parts[0]);
    const auto times = static_cast<size_t>(std::max({part.min, part.max, 1}));
    if (folded.is_expression && folded.weight * times <= kMaxWeight)
      return {true, grammar_.regexes().repeat(folded.regex, part.min, part.max), folded.weight * times, 0};
    return Folded::of(grammar_.repeat(node_of(folded), part.min, part.max));
  }

  Grammar& grammar_;
  std::span<const RulePart> parts_;
  std::vector<Folded> rules_;
};

}  // namespace

// A rule is ready once all that it refers to are: Kahn's topological sort.
RuleOrder order_rules(std::span<const RuleSet::Part> parts, std::span<const RuleSet::Rule> rules) {
  std::vector<std::vector<RuleId>> referrers(rules.size());
  std::vector<size_t> n_waiting_for(rules.size(), 0);
  std::vector<PartId> to_visit;
  for (RuleId rule = 0; rule < rules.size(); ++rule) {
    to_visit = {rules[rule].body};
    while (!to_visit.empty()) {
      const RulePart& part = parts[to_visit.back()];
      to_visit.pop_back();
      to_visit.insert(to_visit.end(), part.parts.begin(), part.parts.end());
      if (part.kind != RulePart::Kind::Reference) continue;
      referrers[part.rule].push_back(rule);
      ++n_waiting_for[rule];
    }
  }
  RuleOrder order;
  for (RuleId rule = 0; rule < rules.size(); ++rule)
    if (n_waiting_for[rule] == 0) order.rules.push_back(rule);
  for (size_t i = 0; i < order.rules.size(); ++i)
    for (const RuleId referrer : referrers[order.rules[i]])
      if (--n_waiting_for[referrer] == 0) order.rules.push_back(referrer);
  order.n_acyclic = order.rules.size();
  for (RuleId rule = 0; rule < rules.size(); ++rule)
    if (n_waiting_for[rule] != 0) order.rules.push_back(rule);
  return order;
}

std::vector<NodeId> add_rules(Grammar& grammar, std::span<const RuleSet::Part> parts,
                              std::span<const RuleSet::Rule> rules, const RuleOrder& order) {
  RuleFolder folder(grammar, parts, rules.size());
  const std::span<const RuleId> all(order.rules), recursive = all.subspan(order.n_acyclic);
  for (const RuleId rule : all.first(order.n_acyclic)) folder.add_regular(rule, rules[rule]);
  for (const RuleId rule : recursive) folder.declare(rule, rules[rule]);
  for (const RuleId rule : recursive) folder.define(rule, rules[rule]);
  std::vector<NodeId> nodes;
  for (RuleId rule = 0; rule < rules.size(); ++rule) nodes.push_back(folder.node(rule));
  return nodes;
}

}  // namespace facet::constraint
