// Shapes -> grammar. A value with parts becomes a rule, one for each set of conditions, so schemas may refer to
// themselves; rules are filled from a queue, so that long chains of them need no deep recursion.
#pragma once

#include <map>
#include <vector>

#include "constraint/schema/expander.h"

namespace facet::constraint {

class Builder {
 public:
  Builder(Grammar& grammar, const SchemaJson& document, const Notation& notation, SchemaNotes* notes);
  NodeId build(bool is_object);  // of an object, whatever the document says

 private:
  [[noreturn]] void fail_as_contradiction();
  NodeId value(const Conditions& conditions);
  NodeId body(const Shapes& shapes);
  RegexId scalars(const Shape& shape);

  void add_object(const ObjectShape& object, std::vector<NodeId>& out);
  void add_object_with_some(const ObjectShape& object, std::vector<NodeId>& out);
  void add_object_with_unknown(const ObjectShape& object, const ObjectShape::Some& some, std::vector<NodeId>& out);
  ObjectShape with_known(ObjectShape object, std::map<std::string_view, Conditions> named,
                         const std::vector<std::string_view>& required) const;
  std::vector<ObjectNode::Property> properties(const ObjectShape& object);
  std::vector<ObjectNode::Others> others(const ObjectShape& object);
  // What keys that no property has are held to, and the keys themselves, without quotes.
  bool offers_undeclared(const ObjectShape& object) const;
  std::map<Conditions, RegexId> other_keys(const ObjectShape& object);
  Conditions other_member(const ObjectShape& object, const std::vector<std::string_view>& matched) const;
  std::vector<TextRule> key_patterns(const ObjectShape& object) const;
  RegexId unknown_key(const ObjectShape& object);
  std::string key_text(std::string_view key) const;

  void add_array(const ArrayShape& array, std::vector<NodeId>& out);
  void add_array_with_contained(const ArrayShape& array, std::vector<NodeId>& out);
  NodeId counted_items(const ArrayShape& array, size_t n_before, const ArrayShape::Contains& contains);

  struct Punctuation {
    NodeId open_object, close_object, open_array, close_array, colon, comma;
  };
  Punctuation punctuation();

  Grammar& grammar_;
  const SchemaJson& document_;
  Notation notation_;
  References references_;
  Texts texts_;
  Expander expander_;
  Punctuation marks_;
  std::map<Conditions, NodeId> values_;
  std::vector<std::pair<NodeId, Conditions>> pending_;  // rules without a body yet
};

}  // namespace facet::constraint
