// Looking at a schema's keywords.
#pragma once

#include "constraint/schema/json_schema.h"

namespace facet::constraint {

// Null if it is not there.
inline const SchemaJson* find_keyword(const SchemaJson& schema, const char* keyword) {
  const auto it = schema.find(keyword);
  return it == schema.end() ? nullptr : &*it;
}

bool is_known_format(std::string_view name);

}  // namespace facet::constraint
