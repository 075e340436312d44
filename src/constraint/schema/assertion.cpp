// A schema that holds, and values that are to be met exactly.
#include <algorithm>

#include "constraint/schema/expander.h"
#include "constraint/schema/keywords.h"
#include "constraint/schema/values.h"

namespace facet::constraint {

void Expander::hold_count(ArrayShape& array, const Conditions& item, const Range& count) {
  if (item.empty()) {
    array.size.meet(count);
  } else if (count.max == 0 && count.min == 0) {
    array.scopes.push_back(std::make_shared<const ItemScope>(ItemScope{{}, refused(item[0]), false}));
  } else if (count.min > 0 || count.max >= 0) {
    array.contains.push_back({item, count});
  }
}

Shapes Expander::asserted(const SchemaJson& schema) {
  Shapes out = {asserted_alone(schema)};
  const auto also = [&](const Shapes& shapes) { out = meet(out, shapes); };
  if (const SchemaJson* constant = find_keyword(schema, "const")) also(values({&constant, 1}));
  if (schema.contains("enum")) also(values(value_list(schema)));
  if (const SchemaJson* other = target(schema)) also(shapes(conditions(*other)));
  for (const ConditionId id : branches(schema, "allOf")) also(shapes(listed(id)));
  if (schema.contains("anyOf")) {
    Shapes any;
    for (const ConditionId id : branches(schema, "anyOf")) {
      const Shapes& branch = shapes(listed(id));
      any.insert(any.end(), branch.begin(), branch.end());
    }
    also(any);
  }
  if (schema.contains("oneOf")) also(exactly_one(schema));
  if (const SchemaJson* other = find_keyword(schema, "not")) also(shapes(refused(condition(*other))));
  if (schema.contains("if")) also(conditional(schema, true));
  assert_dependencies(schema, out);
  assert_unevaluated(schema, out);
  return out;
}

Shape Expander::asserted_alone(const SchemaJson& schema) {
  Shape out;
  out.types = types(schema);
  out.number.bounds = bounds(schema);
  if (auto multiple = decimal(schema, "multipleOf")) {
    if (multiple->digits.empty() || multiple->negative) fail(schema, "multipleOf", "expected a number above 0");
    out.number.multiple_of.push_back(*std::move(multiple));
  }
  out.string.length = range(schema, "minLength", "maxLength");
  out.string.rules = text_rules(schema);
  assert_items(schema, out);
  assert_members(schema, out);
  Shape settled;
  settled.meet(out);
  return settled;
}

void Expander::assert_items(const SchemaJson& schema, Shape& shape) {
  shape.array.size = range(schema, "minItems", "maxItems");
  const SchemaJson* unique = find_keyword(schema, "uniqueItems");
  if (unique != nullptr && !unique->is_boolean()) fail(schema, "uniqueItems", "expected true or false");
  shape.array.unique = unique != nullptr && unique->get<bool>();
  if (auto scope = item_scope(schema)) shape.array.scopes.push_back(std::move(scope));
  if (const auto contains = this->contains(schema)) hold_count(shape.array, contains->item, contains->count);
}

void Expander::assert_members(const SchemaJson& schema, Shape& shape) {
  shape.object.size = range(schema, "minProperties", "maxProperties");
  const SchemaJson* names = find_keyword(schema, "required");
  if (names != nullptr && names->is_array())
    shape.object.required = required(schema, *names, "required");
  else if (names != nullptr && !names->is_boolean())
    fail(schema, "required", "expected a list of property names");
  if (auto scope = member_scope(schema)) shape.object.scopes.push_back(std::move(scope));
  if (const SchemaJson* keys = find_keyword(schema, "propertyNames")) shape.object.names = conditions(*keys);
}

void Expander::assert_dependencies(const SchemaJson& schema, Shapes& shapes) {
  for (const Dependency& dependency : dependencies(schema)) {
    Shape without;
    auto scope = std::make_shared<MemberScope>();
    scope->evaluates = false;
    scope->named[dependency.name] = impossible();
    without.object.scopes.push_back(std::move(scope));
    Shape with;
    with.types = kObject;
    with.object.required = dependency.required;
    const auto at = std::lower_bound(with.object.required.begin(), with.object.required.end(), dependency.name);
    if (at == with.object.required.end() || *at != dependency.name) with.object.required.insert(at, dependency.name);
    Shapes alternatives = {std::move(with)};
    if (dependency.schema != nullptr) alternatives = meet(alternatives, this->shapes(conditions(*dependency.schema)));
    alternatives.push_back(std::move(without));
    shapes = meet(shapes, alternatives);
  }
}

// Each alternative knows which schemas it obeys, and so what they have evaluated.
void Expander::assert_unevaluated(const SchemaJson& schema, Shapes& shapes) {
  const SchemaJson* members = find_keyword(schema, "unevaluatedProperties");
  const SchemaJson* items = find_keyword(schema, "unevaluatedItems");
  if (members == nullptr && items == nullptr) return;
  for (Shape& shape : shapes) {
    auto rest = std::make_shared<MemberScope>();
    if (members != nullptr) rest->additional = conditions(*members);
    for (const auto& scope : shape.object.scopes) {
      if (!scope->evaluates) continue;
      for (const auto& entry : scope->named) rest->named[entry.first];
      for (const auto& pattern : scope->patterns) rest->patterns.push_back({pattern.text, {}, pattern.schema});
      if (scope->additional) rest->additional.reset();
    }
    if (rest->additional) shape.object.scopes.push_back(std::move(rest));
    auto tail = std::make_shared<ItemScope>();
    bool is_open = items != nullptr;
    for (const auto& scope : shape.array.scopes) {
      if (!scope->evaluates) continue;
      tail->first.resize(std::max(tail->first.size(), scope->first.size()));
      is_open = is_open && scope->rest.empty();
    }
    if (is_open) {
      tail->rest = conditions(*items);
      shape.array.scopes.push_back(std::move(tail));
    }
  }
  shapes = pruned(std::move(shapes));
}

// Scalars of a list are one shape; arrays and objects are one each, described by their parts.
Shapes Expander::values(std::span<const SchemaJson* const> values) {
  Shapes out;
  if (Shape scalars = this->scalars(values); !scalars.is_nothing()) out.push_back(std::move(scalars));
  for (const SchemaJson* value : values) {
    Shape shape;
    const auto n = static_cast<int>(value->size());
    if (value->is_array()) {
      shape.types = kArray;
      shape.array.size = {n, n};
      auto scope = std::make_shared<ItemScope>();
      for (const SchemaJson& item : *value) scope->first.push_back(listed(equal_to(item)));
      scope->rest = impossible();
      shape.array.scopes.push_back(std::move(scope));
      out.push_back(std::move(shape));
    } else if (value->is_object()) {
      shape.types = kObject;
      shape.object.size = {n, n};
      auto scope = std::make_shared<MemberScope>();
      for (const auto& item : value->items()) scope->named[item.key()] = listed(equal_to(item.value()));
      for (const auto& entry : scope->named) shape.object.required.push_back(entry.first);
      scope->additional = impossible();
      shape.object.scopes.push_back(std::move(scope));
      out.push_back(std::move(shape));
    }
  }
  return out;
}

Shape Expander::scalars(std::span<const SchemaJson* const> values) const {
  Shape out;
  out.types = 0;
  std::vector<NumberValue> numbers;
  std::vector<std::string_view> strings;
  for (const SchemaJson* value : values) {
    if (value->is_structured()) continue;
    const TypeSet type = type_of(*value);
    out.types |= type;
    if ((type & kNumber) != 0) numbers.push_back({Decimal::parse(written_number(*value)), written_number(*value)});
    if (type == kString) strings.push_back(value->get_ref<const std::string&>());
  }
  std::sort(numbers.begin(), numbers.end(), is_less);
  const auto is_same = [](const NumberValue& a, const NumberValue& b) { return compare(a.value, b.value) == 0; };
  numbers.erase(std::unique(numbers.begin(), numbers.end(), is_same), numbers.end());
  std::sort(strings.begin(), strings.end());
  strings.erase(std::unique(strings.begin(), strings.end()), strings.end());
  out.number.values = std::move(numbers);
  out.string.values = std::move(strings);
  return out;
}

}  // namespace facet::constraint
