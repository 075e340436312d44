// What is told of a schema: which of its keywords are enforced, and what is left that says nothing of values.
#include <algorithm>
#include <array>

#include "constraint/regex/formats.h"
#include "constraint/schema/expander.h"
#include "constraint/schema/keywords.h"

namespace facet::constraint {
namespace {

constexpr auto kEnforced = std::to_array<std::string_view>({"$dynamicRef",
                                                            "$recursiveRef",
                                                            "$ref",
                                                            "additionalItems",
                                                            "additionalProperties",
                                                            "allOf",
                                                            "anyOf",
                                                            "const",
                                                            "contains",
                                                            "dependencies",
                                                            "dependentRequired",
                                                            "dependentSchemas",
                                                            "else",
                                                            "enum",
                                                            "exclusiveMaximum",
                                                            "exclusiveMinimum",
                                                            "format",
                                                            "if",
                                                            "items",
                                                            "maxContains",
                                                            "maxItems",
                                                            "maxLength",
                                                            "maxProperties",
                                                            "maximum",
                                                            "minContains",
                                                            "minItems",
                                                            "minLength",
                                                            "minProperties",
                                                            "minimum",
                                                            "multipleOf",
                                                            "not",
                                                            "nullable",
                                                            "oneOf",
                                                            "pattern",
                                                            "patternProperties",
                                                            "prefixItems",
                                                            "properties",
                                                            "propertyNames",
                                                            "required",
                                                            "then",
                                                            "type",
                                                            "unevaluatedItems",
                                                            "unevaluatedProperties",
                                                            "uniqueItems"});
// They say nothing of values themselves.
constexpr auto kStructure = std::to_array<std::string_view>(
    {"$anchor", "$defs", "$dynamicAnchor", "$id", "$recursiveAnchor", "$schema", "$vocabulary", "definitions", "id"});

template <class Names>
bool has_name(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_enforced_keyword(std::string_view keyword, const SchemaJson& value) {
  if (keyword == "format") return value.is_string() && is_known_format(value.get_ref<const std::string&>());
  if (keyword == "required") return value.is_array();  // true and false are draft-03's, which nobody enforces
  return has_name(kEnforced, keyword);
}

}  // namespace

bool is_known_format(std::string_view name) { return has_name(format_names(), name); }

void Expander::note(const SchemaJson& schema) {
  if (notes_ == nullptr || !noted_.insert(&schema).second) return;
  for (const auto& item : schema.items()) {
    const std::string& keyword = item.key();
    if (is_enforced_keyword(keyword, item.value())) {
      auto& enforced = notes_->enforced;
      const auto at = std::lower_bound(enforced.begin(), enforced.end(), keyword);
      if (at == enforced.end() || *at != keyword) enforced.insert(at, keyword);
    } else if (!has_name(kStructure, keyword)) {
      notes_->annotations.push_back(references_.path(schema) + "/" + keyword);
    }
  }
}

void Expander::note_inexact() {
  if (notes_ == nullptr) return;
  for (const SchemaJson* schema : std::set(noted_)) {
    if (schema->value("uniqueItems", SchemaJson()) != true) continue;
    const ArrayShape array = asserted_alone(*schema).array;
    bool is_inexact = false;
    for (size_t i = 0; i <= array.n_first(); ++i) is_inexact |= has_inexact_values(array.item(i));
    if (is_inexact) notes_->inexact.push_back(references_.path(*schema) + "/uniqueItems");
  }
  std::sort(notes_->inexact.begin(), notes_->inexact.end());
}

}  // namespace facet::constraint
