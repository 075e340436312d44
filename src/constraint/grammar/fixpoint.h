// Properties of grammar nodes that follow from their parts: found by telling those that a node is part of.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <numeric>
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

// By node, those that refer to it.
inline std::vector<std::vector<NodeId>> users_of(const Grammar& grammar) {
  std::vector<std::vector<NodeId>> users(grammar.size());
  for (NodeId id = 0; id < grammar.size(); ++id)
    for (const NodeId part : parts_of(grammar, id))
      if (users[part].empty() || users[part].back() != id) users[part].push_back(id);
  return users;
}

// The smallest set of nodes that holds every node of which `holds(node, set)` is true; it may become true only as the
// set grows.
template <class Holds>
std::vector<bool> least_fixpoint(const Grammar& grammar, const Holds& holds) {
  const auto users = users_of(grammar);
  std::vector<NodeId> open(grammar.size());
  std::iota(open.begin(), open.end(), NodeId{0});
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

// A number for each node, `most` to begin with, which `of(node, numbers)` lowers as those of its parts fall.
template <class Of>
std::vector<uint32_t> falling_fixpoint(const Grammar& grammar, uint32_t most, const Of& of) {
  const auto users = users_of(grammar);
  std::vector<uint32_t> numbers(grammar.size(), most);
  std::vector<bool> is_open(grammar.size(), true);
  std::deque<NodeId> open(grammar.size());  // parts mostly come before what they are parts of
  std::iota(open.begin(), open.end(), NodeId{0});
  for (; !open.empty(); open.pop_front()) {
    const NodeId id = open.front();
    is_open[id] = false;
    const uint32_t number = of(id, numbers);
    if (number >= numbers[id]) continue;
    numbers[id] = number;
    for (const NodeId user : users[id])
      if (!is_open[user]) is_open[user] = true, open.push_back(user);
  }
  return numbers;
}

}  // namespace facet::constraint
