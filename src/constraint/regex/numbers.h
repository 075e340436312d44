// Numbers of JSON under bounds -> expressions over bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "constraint/regex/regexes.h"

namespace facet::constraint {

// A decimal number of any size, exact: bounds of schemas are not rounded.
struct Decimal {
  bool negative = false;
  std::string digits;  // without leading zeros; "" is 0
  int exponent = 0;    // value = digits * 10^exponent

  static Decimal parse(std::string_view json_number);  // RequestError if it is none, or an exponent beyond 400
};
int compare(const Decimal& a, const Decimal& b);

struct NumberRule {
  bool integer = false;  // 1.0 is one by JSON Schema, yet models are to write 1
  std::optional<Decimal> minimum = {}, maximum = {};
  bool exclusive_minimum = false, exclusive_maximum = false;
  // Above 0; RequestError if its digits, without zeros at the ends, are beyond 10,000.
  std::optional<Decimal> multiple_of = {};
};

// Texts of the numbers that obey the rule. Integers are written without a fraction and an exponent; other numbers with
// either, but under a bound other than 0 or a multiple without exponent. kNothing if there are none.
RegexId number(Regexes& regexes, const NumberRule& rule);
// Any JSON number, as the standard has it.
RegexId any_number(Regexes& regexes);

}  // namespace facet::constraint
