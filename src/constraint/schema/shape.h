// What values a schema allows, as a shape: the types, and what a value of each type obeys. A schema is a list of shapes
// of which a value obeys one. Parts of a value (members, items) are described by conditions, not yet looked into: lists
// of schemas that all hold, which may lead back to where they stand.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "constraint/regex/numbers.h"
#include "constraint/schema/json_schema.h"

namespace facet::constraint {

using TypeSet = uint8_t;
constexpr TypeSet kNull = 1, kTrue = 2, kFalse = 4, kInteger = 8, kFraction = 16, kString = 32, kArray = 64,
                  kObject = 128, kBoolean = kTrue | kFalse, kNumber = kInteger | kFraction, kAnyType = 255;

// A schema that holds (even) or does not hold (odd): the two differ in the last bit.
using ConditionId = uint32_t;
using Conditions = std::vector<ConditionId>;  // sorted, each once; all are met
Conditions all_of(const Conditions& a, const Conditions& b);

struct Range {
  int min = 0, max = -1;  // max -1: no limit
  bool is_empty() const noexcept { return max >= 0 && min > max; }
  void meet(const Range& other) noexcept;
};

struct NumberValue {
  Decimal value;
  std::string written;
};

struct NumberShape {
  NumberRule bounds;  // minimum and maximum alone
  std::vector<Decimal> multiple_of, not_multiple_of;
  std::optional<std::vector<NumberValue>> values;  // sorted by value, each once
  std::vector<NumberValue> excluded;
};

struct TextRule {
  enum class Kind : uint8_t { Pattern, Format } kind;
  bool holds;
  std::string_view text;
  const SchemaJson* schema;  // where it was said
};

struct StringShape {
  Range length;
  std::vector<TextRule> rules;
  std::optional<std::vector<std::string_view>> values;  // sorted, each once
  std::vector<std::string_view> excluded;               // the same
};

// What one schema says of an array's items.
struct ItemScope {
  std::vector<Conditions> first;
  Conditions rest;
  bool evaluates = true;  // as with MemberScope
};

struct ArrayShape {
  struct Contains {
    Conditions item;
    Range count;
  };
  Range size;
  bool unique = false;
  std::vector<std::shared_ptr<const ItemScope>> scopes;
  std::vector<Contains> contains;

  Conditions item(size_t i) const;
  size_t n_first() const;  // items from here on are alike
};

// What one schema says of an object's members. `additional` is for those that it neither names nor matches.
struct MemberScope {
  struct Pattern {
    std::string_view text;
    Conditions value;
    const SchemaJson* schema;
  };
  std::map<std::string_view, Conditions> named;
  std::vector<Pattern> patterns;
  std::optional<Conditions> additional;
  bool evaluates = true;  // for unevaluatedProperties; a schema that does not hold evaluates nothing
};

struct ObjectShape {
  // Some member that `scope` neither names nor matches meets these.
  struct Some {
    std::shared_ptr<const MemberScope> scope;
    Conditions value;
  };
  Range size;
  std::vector<std::string_view> required;  // sorted, each once
  std::vector<std::shared_ptr<const MemberScope>> scopes;
  std::vector<Some> some;
  Conditions names;  // of the keys, as strings

  std::vector<std::string_view> known_names() const;  // named or required; sorted, each once
};

struct Shape {
  TypeSet types = kAnyType;
  // Why these values cannot be described, if so: an error, unless nothing is left of the shape in the end.
  std::string undescribed;
  NumberShape number;
  StringShape string;
  ArrayShape array;
  ObjectShape object;

  bool is_nothing() const noexcept { return types == 0; }
  // The values of both; drops types of which plainly nothing is left.
  void meet(const Shape& other);
};

using Shapes = std::vector<Shape>;

}  // namespace facet::constraint
