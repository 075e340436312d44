// Strings and numbers of shapes as expressions.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "constraint/regex/characters.h"
#include "constraint/schema/references.h"
#include "constraint/schema/shape.h"

namespace facet::constraint {

class Texts {
 public:
  Texts(Regexes& regexes, const Notation& notation, const References& references)
      : regexes_(regexes), notation_(notation), references_(references) {}

  // The text between the quotes. With `any_spelling`, an unrestricted string of JSON has all of JSON's spellings.
  RegexId string(const StringShape& shape, Writing writing, bool any_spelling = false);
  RegexId number(const NumberShape& shape, TypeSet types);
  RegexId quoted(RegexId content);  // between the notation's quotes
  // A pattern or format; throws with its path in the schema.
  RegexId rule(const TextRule& rule, Writing writing);
  bool matches(const TextRule& rule, std::string_view text);
  Writing writing() const noexcept { return notation_.kind == Notation::Kind::Json ? Writing::Json : Writing::Plain; }
  Regexes& regexes() noexcept { return regexes_; }

 private:
  RegexId any(const Range& length, Writing writing, bool any_spelling);
  RegexId compile(const TextRule& rule, Writing writing);
  RegexId integers(const NumberRule& bounds);
  RegexId fractions(const NumberRule& bounds);
  RegexId plain_numbers();
  RegexId literals(const std::vector<NumberValue>& values);
  RegexId multiples(const Decimal& of, bool integer);

  Regexes& regexes_;
  const Notation& notation_;
  const References& references_;
  std::map<std::pair<std::string, int>, RegexId> compiled_;
  std::map<std::tuple<int, int, Writing, bool>, RegexId> any_;
};

}  // namespace facet::constraint
