// What a text may be, as a graph of nodes: expressions over bytes, sequences, choices, repetitions, rules that may
// refer to themselves, and objects, whose members come in any order. Front ends (JSON Schema, GBNF, Lark, calls) build
// one; the matcher walks it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "constraint/regex/regexes.h"

namespace facet::constraint {

using NodeId = uint32_t;

// "{" [member {"," member}] "}", a key at most once, all required ones present, in any order.
struct ObjectNode {
  struct Property {
    std::string key;  // its bytes as written, with quotes
    NodeId value;
    bool required = false;
  };
  // Members whose key is not named above.
  struct Others {
    RegexId key;  // with quotes. Texts of different entries are different, and none is a property's key
    NodeId value;
  };
  NodeId open, close, colon, comma;
  std::vector<Property> properties;  // keys differ
  std::vector<Others> others;
  int min_members = 0, max_members = -1;
};

// "[" [item {"," item}] "]"
struct ArrayNode {
  NodeId open, close, comma;
  std::vector<NodeId> first;  // of the items, by place
  NodeId rest;                // of the others; kNoNode: there are none
  int min_items = 0, max_items = -1;
  bool unique = false;  // no two items are written alike
};

class Grammar {
 public:
  static constexpr NodeId kNoNode = UINT32_MAX;

  Regexes& regexes() noexcept { return regexes_; }
  const Regexes& regexes() const noexcept { return regexes_; }

  NodeId terminal(RegexId regex);
  NodeId literal(std::string_view bytes) { return terminal(regexes_.literal(bytes)); }
  NodeId sequence(std::vector<NodeId> parts);
  NodeId choice(std::vector<NodeId> parts);  // of none: nothing at all
  NodeId repeat(NodeId part, int min, int max = -1);
  NodeId optional(NodeId part) { return repeat(part, 0, 1); }
  NodeId object(ObjectNode node);
  NodeId array(ArrayNode node);
  // A rule has a place before it has a body, so that it can be referred to from inside.
  NodeId rule(std::string name);
  void define(NodeId rule, NodeId body);

  void set_root(NodeId root) noexcept { root_ = root; }
  NodeId root() const noexcept { return root_; }
  size_t size() const noexcept { return nodes_.size(); }

  // For those who walk it.
  enum class Kind : uint8_t { Terminal, Sequence, Choice, Repeat, Rule, Object, Array };
  struct Node {
    Kind kind;
    RegexId regex = 0;          // Terminal
    std::vector<NodeId> parts;  // Sequence, Choice; Repeat and Rule: the one
    int min = 0, max = -1;      // Repeat
    uint32_t index = 0;         // Object, Array: of objects_, arrays_; Rule: of names_
  };
  const Node& node(NodeId id) const noexcept { return nodes_[id]; }
  const ObjectNode& object_of(const Node& node) const noexcept { return objects_[node.index]; }
  const ArrayNode& array_of(const Node& node) const noexcept { return arrays_[node.index]; }
  const std::string& rule_name(const Node& node) const noexcept { return names_[node.index]; }

  // Throws RequestError for a rule without a body, and for a grammar of which no text can ever end; rewrites rules
  // that begin with themselves. Called once, when all is built.
  void finish();

 private:
  NodeId add(Node node);
  void drop_unproductive();

  Regexes regexes_;
  std::vector<Node> nodes_;
  std::vector<ObjectNode> objects_;
  std::vector<ArrayNode> arrays_;
  std::vector<std::string> names_;
  NodeId root_ = kNoNode;
};

}  // namespace facet::constraint
