// A schema that does not hold: one of its keywords does not, and for most that is again something a value can be held
// to. A keyword for strings that does not hold means a string.
#include <fmt/format.h>

#include <utility>

#include "constraint/schema/expander.h"
#include "constraint/schema/keywords.h"
#include "constraint/schema/values.h"

namespace facet::constraint {
namespace {

Shape shape_of(TypeSet types) {
  Shape out;
  out.types = types;
  return out;
}

// Sizes outside the range, as shapes of that type; `size` finds the place to write them.
template <class Size>
void refute_range(const Range& range, TypeSet type, Size&& size, Shapes& out) {
  if (range.min > 0) {
    out.push_back(shape_of(type));
    size(out.back()) = {0, range.min - 1};
  }
  if (range.max >= 0) {
    out.push_back(shape_of(type));
    size(out.back()) = {range.max + 1, -1};
  }
}

Shape with_member(std::string_view name, Conditions value, bool is_required) {
  Shape out = shape_of(kObject);
  auto scope = std::make_shared<MemberScope>();
  scope->evaluates = false;
  scope->named[name] = std::move(value);
  out.object.scopes.push_back(std::move(scope));
  if (is_required) out.object.required = {name};
  return out;
}

Shape with_item(size_t i, Conditions value) {
  Shape out = shape_of(kArray);
  auto scope = std::make_shared<ItemScope>();
  scope->evaluates = false;
  scope->first.resize(i);
  scope->first.push_back(std::move(value));
  out.array.scopes.push_back(std::move(scope));
  out.array.size.min = static_cast<int>(i) + 1;
  return out;
}

void append_shapes(Shapes& to, const Shapes& from) { to.insert(to.end(), from.begin(), from.end()); }

}  // namespace

Shape Expander::undescribed(const SchemaJson& schema, const char* keyword, TypeSet type) const {
  Shape out = shape_of(type);
  out.undescribed = fmt::format(
      "schema at {}/{}: values that break this rule cannot be described; \"not\", \"if\" or branches of oneOf that may "
      "both match ask for them",
      references_.path(schema), keyword);
  return out;
}

Shapes Expander::refuted(const SchemaJson& schema) {
  Shapes out;
  if (const TypeSet others = static_cast<TypeSet>(~types(schema)); others != 0) out.push_back(shape_of(others));
  if (const SchemaJson* constant = find_keyword(schema, "const")) append_shapes(out, not_values({&constant, 1}));
  if (schema.contains("enum")) append_shapes(out, not_values(value_list(schema)));
  refute_numbers(schema, out);
  refute_strings(schema, out);
  refute_items(schema, out);
  refute_members(schema, out);
  if (const SchemaJson* other = target(schema)) append_shapes(out, shapes(refused(condition(*other))));
  for (const ConditionId id : branches(schema, "allOf")) append_shapes(out, shapes(refused(id)));
  if (schema.contains("anyOf")) {
    Shapes none = {Shape{}};
    for (const ConditionId id : branches(schema, "anyOf")) none = meet(none, shapes(refused(id)));
    append_shapes(out, none);
  }
  if (schema.contains("oneOf")) refute_exactly_one(schema, out);
  if (const SchemaJson* other = find_keyword(schema, "not")) append_shapes(out, shapes(conditions(*other)));
  if (schema.contains("if")) append_shapes(out, conditional(schema, false));
  refute_dependencies(schema, out);
  for (const char* keyword : {"unevaluatedProperties", "unevaluatedItems"}) {
    const SchemaJson* value = find_keyword(schema, keyword);
    const bool is_for_items = std::string_view(keyword) == "unevaluatedItems";
    if (value != nullptr && *value != true)
      out.push_back(undescribed(schema, keyword, is_for_items ? kArray : kObject));
  }
  return pruned(std::move(out));
}

void Expander::refute_numbers(const SchemaJson& schema, Shapes& out) {
  const NumberRule rule = bounds(schema);
  if (rule.minimum) {
    out.push_back(shape_of(kNumber));
    out.back().number.bounds.maximum = rule.minimum;
    out.back().number.bounds.exclusive_maximum = !rule.exclusive_minimum;
  }
  if (rule.maximum) {
    out.push_back(shape_of(kNumber));
    out.back().number.bounds.minimum = rule.maximum;
    out.back().number.bounds.exclusive_minimum = !rule.exclusive_maximum;
  }
  if (auto multiple = decimal(schema, "multipleOf")) {
    out.push_back(shape_of(kNumber));
    out.back().number.not_multiple_of.push_back(*std::move(multiple));
  }
}

void Expander::refute_strings(const SchemaJson& schema, Shapes& out) {
  const auto length = [](Shape& shape) -> Range& { return shape.string.length; };
  refute_range(range(schema, "minLength", "maxLength"), kString, length, out);
  for (TextRule rule : text_rules(schema)) {
    rule.holds = false;
    out.push_back(shape_of(kString));
    out.back().string.rules.push_back(rule);
  }
}

void Expander::refute_items(const SchemaJson& schema, Shapes& out) {
  const auto size = [](Shape& shape) -> Range& { return shape.array.size; };
  refute_range(range(schema, "minItems", "maxItems"), kArray, size, out);
  if (const SchemaJson* unique = find_keyword(schema, "uniqueItems"); unique != nullptr && *unique == true)
    out.push_back(undescribed(schema, "uniqueItems", kArray));
  if (const auto contains = this->contains(schema)) {
    const auto hold = [&](const Range& count) {
      out.push_back(shape_of(kArray));
      hold_count(out.back().array, contains->item, count);
    };
    if (contains->count.min > 0) hold({0, contains->count.min - 1});
    if (contains->count.max >= 0) hold({contains->count.max + 1, -1});
  }
  const auto scope = item_scope(schema);
  if (scope == nullptr) return;
  for (size_t i = 0; i < scope->first.size(); ++i) {
    if (!scope->first[i].empty()) out.push_back(with_item(i, refused(scope->first[i][0])));
  }
  if (scope->rest.empty()) return;
  if (scope->rest == impossible()) {
    out.push_back(with_item(scope->first.size(), {}));
  } else if (scope->first.empty()) {
    out.push_back(shape_of(kArray));
    out.back().array.contains.push_back({refused(scope->rest[0]), {1, -1}});
  } else {
    out.push_back(undescribed(schema, "items", kArray));
  }
}

void Expander::refute_members(const SchemaJson& schema, Shapes& out) {
  const auto size = [](Shape& shape) -> Range& { return shape.object.size; };
  refute_range(range(schema, "minProperties", "maxProperties"), kObject, size, out);
  const SchemaJson* names = find_keyword(schema, "required");
  if (names != nullptr && names->is_array()) {
    for (const std::string_view name : required(schema, *names, "required"))
      out.push_back(with_member(name, impossible(), false));
  }
  refute_names(schema, out);
  const auto scope = member_scope(schema);
  if (scope == nullptr) return;
  for (const auto& [name, value] : scope->named) {
    if (!value.empty()) out.push_back(with_member(name, refused(value[0]), true));
  }
  for (const auto& pattern : scope->patterns) {
    if (!pattern.value.empty()) out.push_back(undescribed(schema, "patternProperties", kObject));
  }
  if (scope->additional && !scope->additional->empty()) {
    out.push_back(shape_of(kObject));
    out.back().object.some.push_back({scope, refused((*scope->additional)[0])});
  }
}

// Some key breaks the rule: one of those that do, if they can be listed.
void Expander::refute_names(const SchemaJson& schema, Shapes& out) {
  const SchemaJson* keys = find_keyword(schema, "propertyNames");
  const Conditions rule = keys == nullptr ? Conditions{} : conditions(*keys);
  if (rule.empty()) return;
  if (rule == impossible())
    return refute_range(
        {0, 0}, kObject, [](Shape& s) -> Range& { return s.object.size; }, out);
  for (const Shape& shape : shapes(refused(rule[0]))) {
    if ((shape.types & kString) == 0) continue;
    const StringShape& string = shape.string;
    if (string.values && string.rules.empty() && string.length.min == 0 && string.length.max < 0) {
      for (const std::string_view name : *string.values) out.push_back(with_member(name, {}, true));
    } else {
      out.push_back(undescribed(schema, "propertyNames", kObject));
    }
  }
}

void Expander::refute_dependencies(const SchemaJson& schema, Shapes& out) {
  for (const Dependency& dependency : dependencies(schema)) {
    const Shapes present = {with_member(dependency.name, {}, true)};
    for (const std::string_view name : dependency.required)
      append_shapes(out, meet(present, {with_member(name, impossible(), false)}));
    if (dependency.schema != nullptr) append_shapes(out, meet(present, shapes(refused(condition(*dependency.schema)))));
  }
}

// None, or two of them.
void Expander::refute_exactly_one(const SchemaJson& schema, Shapes& out) {
  const std::vector<ConditionId> ids = branches(schema, "oneOf");
  Shapes none = {Shape{}};
  for (const ConditionId id : ids) none = meet(none, shapes(refused(id)));
  append_shapes(out, none);
  for (size_t i = 0; i < ids.size(); ++i) {
    for (size_t j = 0; j < i; ++j) append_shapes(out, meet(shapes(listed(ids[i])), shapes(listed(ids[j]))));
  }
}

Shapes Expander::not_values(std::span<const SchemaJson* const> values) {
  Shape no_scalar;
  const Shape listed_scalars = scalars(values);
  no_scalar.types = static_cast<TypeSet>(~(listed_scalars.types & (kNull | kBoolean)));
  no_scalar.number.excluded = *listed_scalars.number.values;
  no_scalar.string.excluded = *listed_scalars.string.values;
  Shapes out = {std::move(no_scalar)};
  for (const SchemaJson* value : values) {
    if (!value->is_structured()) continue;
    const auto n = static_cast<int>(value->size());
    const TypeSet type = type_of(*value);
    Shapes differs = {shape_of(static_cast<TypeSet>(~type))};
    const auto size = [&](Shape& shape) -> Range& { return type == kArray ? shape.array.size : shape.object.size; };
    refute_range({n, n}, type, size, differs);
    if (type == kArray) {
      for (size_t i = 0; i < value->size(); ++i) differs.push_back(with_item(i, refused(equal_to((*value)[i]))));
    } else {
      for (const auto& item : value->items()) {
        differs.push_back(with_member(item.key(), refused(equal_to(item.value())), true));
        differs.push_back(with_member(item.key(), impossible(), false));
      }
    }
    out = meet(out, differs);
  }
  return out;
}

}  // namespace facet::constraint
