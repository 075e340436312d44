#include "constraint/grammar/rule_set.h"

#include <fmt/format.h>

#include "constraint/grammar/regular.h"

namespace facet::constraint {

PartId RuleSet::add(Part part) {
  parts_.push_back(std::move(part));
  return static_cast<PartId>(parts_.size() - 1);
}

PartId RuleSet::sequence(std::vector<PartId> parts) {
  return parts.size() == 1 ? parts[0] : add({.kind = Part::Kind::Sequence, .parts = std::move(parts)});
}

PartId RuleSet::choice(std::vector<PartId> parts) {
  return parts.size() == 1 ? parts[0] : add({.kind = Part::Kind::Choice, .parts = std::move(parts)});
}

PartId RuleSet::repeat(PartId part, int min, int max) {
  return add({.kind = Part::Kind::Repeat, .parts = {part}, .min = min, .max = max});
}

PartId RuleSet::reference(std::string_view name, size_t place) {
  return add({.kind = Part::Kind::Reference, .rule = find(name, place)});
}

RuleId RuleSet::find(std::string_view name, size_t place) {
  const auto [entry, is_new] = by_name_.try_emplace(std::string(name), static_cast<RuleId>(rules_.size()));
  if (is_new) rules_.push_back({.name = std::string(name), .place = place});
  return entry->second;
}

void RuleSet::define(std::string_view name, size_t place, PartId body, bool is_terminal) {
  Rule& rule = rules_[find(name, place)];
  if (rule.is_defined) reader_.fail_at(place, fmt::format("\"{}\" is defined already", name));
  rule = {rule.name, place, true, is_terminal, body};
}

void RuleSet::build(Grammar& grammar, std::string_view start) const {
  const auto root = by_name_.find(std::string(start));
  if (root == by_name_.end())
    reader_.fail_at(0, fmt::format("the grammar has no rule \"{}\", which says what a whole text is", start));
  for (const Rule& rule : rules_)
    if (!rule.is_defined) reader_.fail_at(rule.place, fmt::format("\"{}\" is not defined", rule.name));
  const RuleOrder order = order_rules(parts_, rules_);
  for (size_t i = order.n_acyclic; i < order.rules.size(); ++i)
    if (const Rule& rule = rules_[order.rules[i]]; rule.is_terminal)
      reader_.fail_at(rule.place, fmt::format("the terminal \"{}\" refers to itself: make it a rule", rule.name));
  grammar.set_root(add_rules(grammar, parts_, rules_, order)[root->second]);
}

}  // namespace facet::constraint
