// The way from written rules to a grammar's nodes. Parts that do not refer to themselves are regular, so each of them
// is folded into one expression, unless that would be too large.
#pragma once

#include <span>

#include "constraint/grammar/rule_set.h"

namespace facet::constraint {

struct RuleOrder {
  std::vector<RuleId> rules;  // all; a rule stands behind those that it refers to, as far as that is possible
  size_t n_acyclic;           // so many of them, from the front: the others refer to themselves, or to such
};
RuleOrder order_rules(std::span<const RuleSet::Part> parts, std::span<const RuleSet::Rule> rules);

// The nodes of the rules, in the order of `rules`.
std::vector<NodeId> add_rules(Grammar& grammar, std::span<const RuleSet::Part> parts,
                              std::span<const RuleSet::Rule> rules, const RuleOrder& order);

}  // namespace facet::constraint
