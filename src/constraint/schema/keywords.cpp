// What the keywords of one schema say, read and checked.
#include "constraint/schema/keywords.h"

#include <algorithm>
#include <climits>

#include "base/error.h"
#include "constraint/schema/expander.h"
#include "constraint/schema/values.h"

namespace facet::constraint {
namespace {

TypeSet type_named(std::string_view name) {
  if (name == "null") return kNull;
  if (name == "boolean") return kBoolean;
  if (name == "integer") return kInteger;
  if (name == "number") return kNumber;
  if (name == "string") return kString;
  if (name == "array") return kArray;
  return name == "object" ? kObject : TypeSet{0};
}

}  // namespace

TypeSet Expander::types(const SchemaJson& schema) const {
  const SchemaJson* type = find_keyword(schema, "type");
  if (type == nullptr) return kAnyType;
  const auto named = [&](const SchemaJson& name) {
    const TypeSet types = name.is_string() ? type_named(name.get_ref<const std::string&>()) : TypeSet{0};
    if (types == 0) fail(schema, "type", "found " + name.dump() + ", which is no type of JSON Schema");
    return types;
  };
  TypeSet out = 0;
  if (type->is_array()) {
    for (const SchemaJson& name : *type) out |= named(name);
  } else {
    out = named(*type);
  }
  const SchemaJson* nullable = find_keyword(schema, "nullable");
  return nullable != nullptr && *nullable == true ? out | kNull : out;
}

std::vector<const SchemaJson*> Expander::value_list(const SchemaJson& schema) const {
  const SchemaJson* list = find_keyword(schema, "enum");
  if (!list->is_array()) fail(schema, "enum", "expected a list of values");
  std::vector<const SchemaJson*> out;
  for (const SchemaJson& value : *list) out.push_back(&value);
  return out;
}

std::optional<int> Expander::count(const SchemaJson& schema, const char* keyword) const {
  const SchemaJson* value = find_keyword(schema, keyword);
  if (value == nullptr) return {};
  const double number = value->is_number() ? value->get<double>() : -1;
  if (number < 0 || number != static_cast<double>(static_cast<uint64_t>(std::min(number, 1e18))))
    fail(schema, keyword, "found " + value->dump().substr(0, 80) + ", expected a whole number, 0 or more");
  return static_cast<int>(std::min<double>(number, INT_MAX));
}

Range Expander::range(const SchemaJson& schema, const char* min, const char* max) const {
  Range out;
  out.min = count(schema, min).value_or(0);
  out.max = count(schema, max).value_or(-1);
  return out;
}

std::optional<Decimal> Expander::decimal(const SchemaJson& schema, const char* keyword) const {
  const SchemaJson* value = find_keyword(schema, keyword);
  if (value == nullptr) return {};
  if (!is_number_value(*value)) fail(schema, keyword, "found " + value->dump().substr(0, 80) + ", expected a number");
  try {
    return Decimal::parse(written_number(*value));
  } catch (const RequestError& e) {
    fail(schema, keyword, e.what());
  }
}

NumberRule Expander::bounds(const SchemaJson& schema) const {
  const auto is_flag = [&](const char* keyword) {  // draft-04's exclusiveMinimum
    const SchemaJson* value = find_keyword(schema, keyword);
    return value != nullptr && value->is_boolean();
  };
  NumberRule out;
  out.minimum = decimal(schema, "minimum");
  out.maximum = decimal(schema, "maximum");
  if (is_flag("exclusiveMinimum")) {
    out.exclusive_minimum = schema["exclusiveMinimum"].get<bool>() && out.minimum;
  } else if (auto bound = decimal(schema, "exclusiveMinimum");
             bound && (!out.minimum || compare(*bound, *out.minimum) >= 0)) {
    out.minimum = std::move(bound);
    out.exclusive_minimum = true;
  }
  if (is_flag("exclusiveMaximum")) {
    out.exclusive_maximum = schema["exclusiveMaximum"].get<bool>() && out.maximum;
  } else if (auto bound = decimal(schema, "exclusiveMaximum");
             bound && (!out.maximum || compare(*bound, *out.maximum) <= 0)) {
    out.maximum = std::move(bound);
    out.exclusive_maximum = true;
  }
  return out;
}

std::vector<TextRule> Expander::text_rules(const SchemaJson& schema) const {
  std::vector<TextRule> out;
  const auto add = [&](const char* keyword, TextRule::Kind kind) {
    const SchemaJson* value = find_keyword(schema, keyword);
    if (value == nullptr) return;
    if (!value->is_string()) fail(schema, keyword, "expected a string");
    const std::string& text = value->get_ref<const std::string&>();
    if (kind == TextRule::Kind::Pattern || is_known_format(text)) out.push_back({kind, true, text, &schema});
  };
  add("pattern", TextRule::Kind::Pattern);
  add("format", TextRule::Kind::Format);
  return out;
}

std::vector<std::string_view> Expander::required(const SchemaJson& schema, const SchemaJson& list,
                                                 const char* keyword) const {
  std::vector<std::string_view> out;
  for (const SchemaJson& name : list) {
    if (!name.is_string()) fail(schema, keyword, "expected a list of property names");
    out.push_back(name.get_ref<const std::string&>());
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::shared_ptr<const MemberScope> Expander::member_scope(const SchemaJson& schema) {
  const SchemaJson* properties = find_keyword(schema, "properties");
  const SchemaJson* patterns = find_keyword(schema, "patternProperties");
  const SchemaJson* additional = find_keyword(schema, "additionalProperties");
  if (properties == nullptr && patterns == nullptr && additional == nullptr) return nullptr;
  auto scope = std::make_shared<MemberScope>();
  if (properties != nullptr) {
    if (!properties->is_object()) fail(schema, "properties", "expected an object of schemas");
    for (const auto& item : properties->items()) scope->named[item.key()] = conditions(item.value());
  }
  if (patterns != nullptr) {
    if (!patterns->is_object()) fail(schema, "patternProperties", "expected an object of schemas");
    for (const auto& item : patterns->items())
      scope->patterns.push_back({item.key(), conditions(item.value()), &schema});
  }
  if (additional != nullptr) scope->additional = conditions(*additional);
  return scope;
}

std::shared_ptr<const ItemScope> Expander::item_scope(const SchemaJson& schema) {
  const SchemaJson* first = find_keyword(schema, "prefixItems");
  const SchemaJson* rest = find_keyword(schema, "items");
  if (rest != nullptr && rest->is_array()) {  // up to draft 2019-09
    first = rest;
    rest = find_keyword(schema, "additionalItems");
  }
  if (first == nullptr && rest == nullptr) return nullptr;
  if (first != nullptr && !first->is_array()) fail(schema, "prefixItems", "expected a list of schemas");
  auto scope = std::make_shared<ItemScope>();
  if (first != nullptr) {
    for (const SchemaJson& item : *first) scope->first.push_back(conditions(item));
  }
  if (rest != nullptr) scope->rest = conditions(*rest);
  return scope;
}

std::optional<ArrayShape::Contains> Expander::contains(const SchemaJson& schema) {
  const SchemaJson* item = find_keyword(schema, "contains");
  if (item == nullptr) return {};
  Range n = range(schema, "minContains", "maxContains");
  if (!schema.contains("minContains")) n.min = 1;
  return ArrayShape::Contains{conditions(*item), n};
}

std::vector<Expander::Dependency> Expander::dependencies(const SchemaJson& schema) {
  std::vector<Dependency> out;
  for (const char* keyword : {"dependencies", "dependentRequired", "dependentSchemas"}) {
    const SchemaJson* list = find_keyword(schema, keyword);
    if (list == nullptr) continue;
    if (!list->is_object()) fail(schema, keyword, "expected an object");
    for (const auto& item : list->items()) {
      const SchemaJson& value = item.value();
      if (value.is_array())
        out.push_back({item.key(), required(schema, value, keyword), nullptr});
      else if (value.is_string())  // draft-03
        out.push_back({item.key(), {value.get_ref<const std::string&>()}, nullptr});
      else
        out.push_back({item.key(), {}, &value});
    }
  }
  return out;
}

}  // namespace facet::constraint
