// Rules as they are written, by name and in any order, before they become nodes of a Grammar. The notations for
// grammars all end here.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "constraint/grammar/grammar.h"
#include "constraint/grammar/notation.h"

namespace facet::constraint {

using PartId = uint32_t;
using RuleId = uint32_t;

class RuleSet {
 public:
  struct Part {
    enum class Kind : uint8_t { Expression, Reference, Sequence, Choice, Repeat };
    Kind kind;
    RegexId regex = 0;               // Expression
    size_t weight = 0;               // Expression: how large it is, in characters
    RuleId rule = 0;                 // Reference
    std::vector<PartId> parts = {};  // Sequence, Choice; Repeat: the one
    int min = 0, max = -1;           // Repeat
  };
  struct Rule {
    std::string name;
    size_t place;  // where it is defined, or else where it is first referred to
    bool is_defined = false;
    bool is_terminal = false;  // may not refer to itself
    PartId body = 0;
  };

  explicit RuleSet(const NotationReader& reader) noexcept : reader_(reader) {}

  PartId expression(RegexId regex, size_t weight) {
    return add({.kind = Part::Kind::Expression, .regex = regex, .weight = weight});
  }
  PartId reference(std::string_view name, size_t place);
  PartId sequence(std::vector<PartId> parts);
  PartId choice(std::vector<PartId> parts);
  PartId repeat(PartId part, int min, int max);
  // Throws RequestError if the name has a body.
  void define(std::string_view name, size_t place, PartId body, bool is_terminal = false);

  // Puts the rules into the grammar and makes `start` its root. What needs no recursion becomes an expression, where
  // it is not too large: the matcher has less to do inside of one than between two. Throws RequestError for rules that
  // are referred to and not defined, and for terminals that refer to themselves.
  void build(Grammar& grammar, std::string_view start) const;

 private:
  PartId add(Part part);
  RuleId find(std::string_view name, size_t place);

  const NotationReader& reader_;  // for messages
  std::vector<Part> parts_;
  std::vector<Rule> rules_;
  std::unordered_map<std::string, RuleId> by_name_;
};

}  // namespace facet::constraint
