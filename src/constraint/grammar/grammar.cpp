#include "constraint/grammar/grammar.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "constraint/grammar/fixpoint.h"
#include "constraint/grammar/left_recursion.h"

namespace facet::constraint {

NodeId Grammar::add(Node node) {
  nodes_.push_back(std::move(node));
  return static_cast<NodeId>(nodes_.size() - 1);
}

NodeId Grammar::terminal(RegexId regex) { return add({.kind = Kind::Terminal, .regex = regex, .parts = {}}); }

NodeId Grammar::sequence(std::vector<NodeId> parts) {
  if (parts.empty()) return terminal(Regexes::kEmpty);
  if (parts.size() == 1) return parts[0];
  return add({.kind = Kind::Sequence, .parts = std::move(parts)});
}

// Expressions become one: what they have in common is then read once, and a byte later what is left of the choice is
// the very expression that it would be alone.
NodeId Grammar::choice(std::vector<NodeId> parts) {
  std::vector<RegexId> regexes;
  std::vector<NodeId> others;
  for (const NodeId part : parts) {
    if (nodes_[part].kind == Kind::Terminal)
      regexes.push_back(nodes_[part].regex);
    else if (std::find(others.begin(), others.end(), part) == others.end())
      others.push_back(part);
  }
  const RegexId either = regexes_.either(regexes);
  if (either != Regexes::kNothing || others.empty()) others.push_back(terminal(either));
  if (others.size() == 1) return others[0];
  return add({.kind = Kind::Choice, .parts = std::move(others)});
}

NodeId Grammar::repeat(NodeId part, int min, int max) {
  if (min == 1 && max == 1) return part;
  if (max == 0) return terminal(Regexes::kEmpty);
  return add({.kind = Kind::Repeat, .parts = {part}, .min = min, .max = max});
}

NodeId Grammar::object(ObjectNode node) {
  objects_.push_back(std::move(node));
  return add({.kind = Kind::Object, .parts = {}, .index = static_cast<uint32_t>(objects_.size() - 1)});
}

NodeId Grammar::array(ArrayNode node) {
  arrays_.push_back(std::move(node));
  return add({.kind = Kind::Array, .parts = {}, .index = static_cast<uint32_t>(arrays_.size() - 1)});
}

NodeId Grammar::rule(std::string name) {
  names_.push_back(std::move(name));
  return add({.kind = Kind::Rule, .parts = {}, .index = static_cast<uint32_t>(names_.size() - 1)});
}

void Grammar::define(NodeId rule, NodeId body) { nodes_[rule].parts = {body}; }

namespace {

// Which nodes stand for at least one finite text.
class Productive {
 public:
  explicit Productive(Grammar& grammar) : grammar_(grammar) {
    is_ = least_fixpoint(grammar,
                         [this](const Grammar::Node& node, const std::vector<bool>& is) { return find(node, is); });
  }
  bool operator()(NodeId id) const { return is_[id]; }

 private:
  bool find(const Grammar::Node& node, const std::vector<bool>& is) const {
    const auto of_part = [&is](NodeId part) { return is[part]; };
    switch (node.kind) {
      case Grammar::Kind::Terminal:
        return !grammar_.regexes().is_nothing(node.regex);
      case Grammar::Kind::Sequence:
      case Grammar::Kind::Rule:
        return std::all_of(node.parts.begin(), node.parts.end(), of_part);
      case Grammar::Kind::Choice:
        return std::any_of(node.parts.begin(), node.parts.end(), of_part);
      case Grammar::Kind::Repeat:
        return node.min == 0 || is[node.parts[0]];
      case Grammar::Kind::Object:
        return object(grammar_.object_of(node), is);
      case Grammar::Kind::Array:
        return array(grammar_.array_of(node), is);
    }
    return false;
  }

  static bool object(const ObjectNode& object, const std::vector<bool>& is) {
    int n = 0, n_required = 0;
    for (const auto& property : object.properties) {
      if (property.required && !is[property.value]) return false;
      n += is[property.value];
      n_required += property.required;
    }
    const bool is_open =
        std::any_of(object.others.begin(), object.others.end(), [&is](const auto& other) { return is[other.value]; });
    return (is_open || n >= object.min_members) && (object.max_members < 0 || n_required <= object.max_members);
  }

  static bool array(const ArrayNode& array, const std::vector<bool>& is) {
    const auto n_first = static_cast<int>(array.first.size());
    for (int i = 0; i < std::min(n_first, array.min_items); ++i)
      if (!is[array.first[static_cast<size_t>(i)]]) return false;
    return array.min_items <= n_first || (array.rest != Grammar::kNoNode && is[array.rest]);
  }

  Grammar& grammar_;
  std::vector<bool> is_;
};

}  // namespace

void Grammar::finish() {
  for (const Node& node : nodes_)
    if (node.kind == Kind::Rule && node.parts.empty())
      throw_error<RequestError>("the grammar refers to the rule \"{}\", which is not defined", rule_name(node));
  if (root_ == kNoNode) throw RequestError("the grammar has no rule to begin with");
  remove_left_recursion(*this);
  drop_unproductive();
}

// What no text can ever be is not offered, so that no text runs into it.
void Grammar::drop_unproductive() {
  const Productive productive(*this);
  if (!productive(root_))
    throw RequestError("no text satisfies the grammar: what it requires contradicts itself, or never ends");
  for (NodeId id = 0; id < nodes_.size(); ++id) {
    Node& node = nodes_[id];
    if (node.kind == Kind::Choice)
      std::erase_if(node.parts, [&](NodeId part) { return !productive(part); });
    else if (node.kind == Kind::Repeat && !productive(node.parts[0]))
      node.max = 0;
  }
  for (ObjectNode& object : objects_) {
    std::erase_if(object.properties, [&](const auto& property) { return !productive(property.value); });
    std::erase_if(object.others, [&](const auto& other) { return !productive(other.value); });
  }
  for (ArrayNode& array : arrays_) {
    for (size_t i = 0; i < array.first.size(); ++i)
      if (!productive(array.first[i])) array.first.resize(i), array.rest = kNoNode;
    if (array.rest != kNoNode && !productive(array.rest)) array.rest = kNoNode;
  }
}

}  // namespace facet::constraint
