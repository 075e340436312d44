// Schemas -> shapes: what holds together is met, alternatives are multiplied out, and what does not hold is turned into
// the alternatives that remain.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "constraint/schema/references.h"
#include "constraint/schema/shape.h"
#include "constraint/schema/texts.h"

namespace facet::constraint {

class Expander {
 public:
  Expander(References& references, Texts& texts, SchemaNotes* notes);

  Conditions conditions(const SchemaJson& schema) { return listed(condition(schema)); }
  // The alternatives that are left of all these; none if no value meets them. Alternatives may overlap.
  const Shapes& shapes(const Conditions& conditions);
  // Whether some value meets them, as far as can be seen without building it.
  bool is_possible(const Conditions& conditions);

  // Of a member with this key.
  Conditions member(const ObjectShape& object, std::string_view name);
  // Whether the key may be there at all, by propertyNames.
  bool is_possible_name(const ObjectShape& object, std::string_view name);
  // Whether `scope` says what a member of this name is, other than by `additional`.
  bool covers(const MemberScope& scope, std::string_view name);
  RegexId key_texts(const Conditions& names);  // between the quotes
  Conditions impossible() const { return {kNever}; }
  // Of a schema that nothing obeys: the innermost one that is the reason, as far as it is easily found.
  const SchemaJson& contradiction(const SchemaJson& schema);
  void note_inexact();  // of the schemas that have been looked at

  [[noreturn]] void fail(const SchemaJson& schema, std::string_view keyword, std::string_view why) const;

 private:
  static constexpr ConditionId kAlways = 0, kNever = 1;
  struct Condition {
    const SchemaJson* json;
    bool is_value;  // equal to it; otherwise a schema
  };
  ConditionId condition(const SchemaJson& schema);
  ConditionId intern(const SchemaJson& json, bool is_value);
  ConditionId equal_to(const SchemaJson& value) { return intern(value, true); }
  static Conditions listed(ConditionId id) { return id == kAlways ? Conditions{} : Conditions{id}; }
  static Conditions refused(ConditionId id) { return listed(id ^ 1); }
  // The conditions of a keyword that holds a list of schemas; none if it is not there.
  std::vector<ConditionId> branches(const SchemaJson& schema, const char* keyword);
  const SchemaJson* target(const SchemaJson& schema);  // of $ref or $dynamicRef, or null
  void note(const SchemaJson& schema);                 // its keywords, once

  Shapes expand(ConditionId id);
  Shapes meet(const Shapes& a, const Shapes& b);
  Shapes pruned(Shapes shapes);

  // A schema that holds.
  Shapes asserted(const SchemaJson& schema);
  Shape asserted_alone(const SchemaJson& schema);  // all keywords that need no alternatives
  void assert_members(const SchemaJson& schema, Shape& shape);
  void assert_items(const SchemaJson& schema, Shape& shape);
  void hold_count(ArrayShape& array, const Conditions& item, const Range& count);
  Shapes exactly_one(const SchemaJson& schema);
  Shapes conditional(const SchemaJson& schema, bool holds);
  void assert_dependencies(const SchemaJson& schema, Shapes& shapes);
  void assert_unevaluated(const SchemaJson& schema, Shapes& shapes);
  Shapes value(const SchemaJson& value);
  Shapes values(std::span<const SchemaJson* const> values);
  Shape scalars(std::span<const SchemaJson* const> values) const;

  // One that does not.
  Shapes refuted(const SchemaJson& schema);
  Shape undescribed(const SchemaJson& schema, const char* keyword, TypeSet type) const;
  void refute_numbers(const SchemaJson& schema, Shapes& out);
  void refute_strings(const SchemaJson& schema, Shapes& out);
  void refute_members(const SchemaJson& schema, Shapes& out);
  void refute_items(const SchemaJson& schema, Shapes& out);
  void refute_names(const SchemaJson& schema, Shapes& out);
  void refute_dependencies(const SchemaJson& schema, Shapes& out);
  void refute_exactly_one(const SchemaJson& schema, Shapes& out);
  Shapes not_values(std::span<const SchemaJson* const> values);

  // Keywords.
  TypeSet types(const SchemaJson& schema) const;                              // that `type` allows
  std::vector<const SchemaJson*> value_list(const SchemaJson& schema) const;  // of enum
  Range range(const SchemaJson& schema, const char* min, const char* max) const;
  std::optional<int> count(const SchemaJson& schema, const char* keyword) const;
  std::optional<Decimal> decimal(const SchemaJson& schema, const char* keyword) const;
  NumberRule bounds(const SchemaJson& schema) const;
  std::vector<TextRule> text_rules(const SchemaJson& schema) const;
  std::vector<std::string_view> required(const SchemaJson& schema, const SchemaJson& list, const char* keyword) const;
  std::shared_ptr<const MemberScope> member_scope(const SchemaJson& schema);
  std::shared_ptr<const ItemScope> item_scope(const SchemaJson& schema);
  std::optional<ArrayShape::Contains> contains(const SchemaJson& schema);
  struct Dependency {
    std::string_view name;
    std::vector<std::string_view> required;
    const SchemaJson* schema;  // or null
  };
  std::vector<Dependency> dependencies(const SchemaJson& schema);

  bool has_possible_number(const Shape& shape);
  bool has_possible_string(const Shape& shape);
  bool has_possible_array(const Shape& shape);
  bool has_possible_object(const Shape& shape);
  // How many values there are, counted up to the limit; perhaps fewer than this says, never more.
  size_t n_values(const Conditions& conditions, size_t limit);
  size_t n_values(const Shape& shape, size_t limit);
  size_t n_lists(const ArrayShape& array, size_t limit);
  size_t n_objects(const ObjectShape& object, size_t limit);
  bool has_inexact_values(const Conditions& conditions);

  References& references_;
  Texts& texts_;
  SchemaNotes* notes_;
  std::vector<Condition> conditions_;
  std::map<std::pair<const SchemaJson*, bool>, ConditionId> ids_;
  std::map<Conditions, Shapes> shapes_;
  std::map<Conditions, bool> possible_;
  std::map<std::pair<Conditions, size_t>, size_t> n_values_;  // by the limit too
  std::set<ConditionId> expanding_;
  std::set<const SchemaJson*> noted_;
  int depth_ = 0;
  int n_meetings_ = 0;
};

}  // namespace facet::constraint
