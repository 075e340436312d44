// Looking at a schema's keywords.
#pragma once

#include "constraint/schema/json_schema.h"

namespace facet::constraint {

// Null if it is not there.
inline const SchemaJson* find_keyword(const SchemaJson& schema, const char* keyword) {
  const auto it = schema.find(keyword);
  return it == schema.end() ? nullptr : &*it;
}

}  // namespace facet::constraint
