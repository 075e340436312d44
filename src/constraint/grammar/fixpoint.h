// Properties of grammar nodes that follow from their parts: found by telling those that a node is part of.
#pragma once

#include <algorithm>
#include <vector>

#include "constraint/grammar/grammar.h"

namespace facet::constraint {

// All that a node refers to.
inline std::vector<NodeId> parts_of(const Grammar& grammar, NodeId id) {
  const auto& node = grammar.node(id);
  std::vector<NodeId> out = node.parts;
  if (node.kind == Grammar::Kind::Object) {
    const ObjectNode& object = grammar.object_of(node);
    out.insert(out.end(), {object.open, object.close, object.colon, object.comma});
    for (const auto& property : object.properties) out.push_back(property.value);
    for (const auto& other : object.others) out.push_back(other.value);
  } else if (node.kind == Grammar::Kind::Array) {
    const ArrayNode& array = grammar.array_of(node);
    out.insert(out.end(), {array.open, array.close, array.comma});
    out.insert(out.end(), array.first.begin(), array.first.end());
    if (array.rest != Grammar::kNoNode) out.push_back(array.rest);
  }
  return out;
}

// The smallest set of nodes that holds every node of which `holds(node, set)` is true; it may become true only as the
// set grows.
template <class Holds>
std::vector<bool> least_fixpoint(const Grammar& grammar, const Holds& holds) {
  std::vector<std::vector<NodeId>> users(grammar.size());
  std::vector<NodeId> open;
  for (NodeId id = 0; id < grammar.size(); ++id) {
    for (const NodeId part : parts_of(grammar, id))
      if (users[part].empty() || users[part].back() != id) users[part].push_back(id);
    open.push_back(id);
  }
  std::vector<bool> is(grammar.size(), false);
  while (!open.empty()) {
    const NodeId id = open.back();
    open.pop_back();
    if (is[id] || !holds(grammar.node(id), is)) continue;
    is[id] = true;
    open.insert(open.end(), users[id].begin(), users[id].end());
  }
  return is;
}

}  // namespace facet::constraint
