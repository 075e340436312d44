// Values that stand in a schema: numbers by value, not by spelling.
#pragma once

#include <string>

#include "constraint/schema/shape.h"

namespace facet::constraint {

// Numbers that no machine type holds may come as binary values of their digits; that is how chat requests keep them.
inline bool is_number_value(const SchemaJson& value) { return value.is_number() || value.is_binary(); }
std::string written_number(const SchemaJson& value);
bool is_integer(const Decimal& value);
// Without an exponent; "" if that would need more than 40 zeros.
std::string plain_text(const Decimal& value);
inline bool is_less(const NumberValue& a, const NumberValue& b) { return compare(a.value, b.value) < 0; }
TypeSet type_of(const SchemaJson& value);

}  // namespace facet::constraint
