// Whether anything is left of a shape, and what the parts of a value are held to.
#include <algorithm>
#include <utility>

#include "constraint/schema/expander.h"

namespace facet::constraint {
namespace {

constexpr size_t kManyValues = 1000;  // of items that all have to differ; more are not counted

}  // namespace

Shapes Expander::pruned(Shapes shapes) {
  Shapes out;
  for (Shape& shape : shapes) {
    if ((shape.types & kNumber) != 0 && !has_possible_number(shape)) shape.types &= static_cast<TypeSet>(~kNumber);
    if ((shape.types & kString) != 0 && !has_possible_string(shape)) shape.types &= static_cast<TypeSet>(~kString);
    if ((shape.types & kArray) != 0 && !has_possible_array(shape)) shape.types &= static_cast<TypeSet>(~kArray);
    if ((shape.types & kObject) != 0 && !has_possible_object(shape)) shape.types &= static_cast<TypeSet>(~kObject);
    if (!shape.is_nothing()) out.push_back(std::move(shape));
  }
  return out;
}

const SchemaJson& Expander::contradiction(const SchemaJson& schema) {
  const SchemaJson* at = &schema;
  for (const SchemaJson* next = at; next != nullptr;) {
    at = next;
    next = nullptr;
    const auto look_at = [&](const SchemaJson& part) {
      if (part.is_object() && shapes(conditions(part)).empty()) next = &part;
    };
    if (const SchemaJson* other = target(*at)) look_at(*other);
    if (const auto all = at->find("allOf"); all != at->end()) std::for_each(all->begin(), all->end(), look_at);
    if (const auto items = at->find("items"); items != at->end()) look_at(*items);
    const auto properties = at->find("properties"), names = at->find("required");
    if (properties == at->end() || names == at->end() || !names->is_array()) continue;
    for (const SchemaJson& name : *names) {
      const auto part = properties->find(name.get_ref<const std::string&>());
      if (part != properties->end()) look_at(*part);
    }
  }
  return *at;
}

bool Expander::has_possible_number(const Shape& shape) {
  const NumberShape& number = shape.number;
  const bool is_bounded = number.bounds.minimum && number.bounds.maximum;
  if (!is_bounded && number.multiple_of.empty() && number.not_multiple_of.empty()) return true;
  return !texts_.regexes().is_nothing(texts_.number(number, shape.types));
}

bool Expander::has_possible_string(const Shape& shape) {
  const StringShape& string = shape.string;
  const bool has_length = string.length.min > 0 || string.length.max >= 0;
  const size_t n_rules = string.rules.size() + (has_length ? 1 : 0) + (string.values ? 1 : 0);
  if (n_rules < 2 && string.rules.empty()) return true;
  return !texts_.regexes().is_nothing(texts_.string(string, texts_.writing()));
}

bool Expander::has_possible_array(const Shape& shape) {
  const ArrayShape& array = shape.array;
  const size_t n_first = array.n_first(), min = static_cast<size_t>(array.size.min);
  for (size_t i = 0; i < std::min(n_first, min); ++i) {
    if (!is_possible(array.item(i))) return false;
  }
  if (min > n_first && !is_possible(array.item(n_first))) return false;
  if (array.unique && min > n_first + 1) {
    const size_t n_needed = std::min(min - n_first, kManyValues);
    if (n_values(array.item(n_first), n_needed) < n_needed) return false;
  }
  for (const ArrayShape::Contains& contains : array.contains) {
    if (contains.count.is_empty()) return false;
    if (contains.count.min == 0) continue;
    if (array.size.max >= 0 && contains.count.min > array.size.max) return false;
    bool fits = false;
    for (size_t i = 0; i <= n_first && !fits; ++i) fits = is_possible(all_of(array.item(i), contains.item));
    if (!fits) return false;
  }
  return true;
}

size_t Expander::n_values(const Conditions& conditions, size_t limit) {
  const auto [it, is_new] = n_values_.try_emplace({conditions, limit}, limit);
  if (!is_new) return it->second;
  const std::set<ConditionId> outside = std::exchange(expanding_, {});
  size_t n = 0;
  const Shapes shapes = this->shapes(conditions);
  for (const Shape& shape : shapes) n = std::min(limit, n + n_values(shape, limit));
  expanding_ = outside;
  return n_values_[{conditions, limit}] = n;
}

size_t Expander::n_values(const Shape& shape, size_t limit) {
  Regexes& regexes = texts_.regexes();
  size_t n = 0;
  for (const TypeSet type : {kNull, kTrue, kFalse}) n += (shape.types & type) != 0 ? 1 : 0;
  if ((shape.types & kNumber) != 0) n += regexes.n_texts(texts_.number(shape.number, shape.types), limit);
  if ((shape.types & kString) != 0) n += regexes.n_texts(texts_.string(shape.string, texts_.writing()), limit);
  if ((shape.types & kArray) != 0) n += n_lists(shape.array, limit);
  if ((shape.types & kObject) != 0) n += n_objects(shape.object, limit);
  return std::min(n, limit);
}

// Whether a text may begin one of these values though all that begin so have been there.
bool Expander::has_inexact_values(const Conditions& conditions) {
  const Shapes shapes = this->shapes(conditions);
  return std::any_of(shapes.begin(), shapes.end(), [&](const Shape& shape) {
    const bool is_bounded = shape.number.bounds.minimum && shape.number.bounds.maximum;
    if ((shape.types & kFraction) != 0 && (is_bounded || !shape.number.multiple_of.empty())) return true;
    return (shape.types & (kArray | kObject)) != 0 && n_values(shape, kManyValues) < kManyValues;
  });
}

size_t Expander::n_lists(const ArrayShape& array, size_t limit) {
  const size_t n_first = array.n_first(), shortest = static_cast<size_t>(array.size.min);
  if (shortest > kManyValues) return limit;
  size_t longest = is_possible(array.item(n_first)) ? shortest + limit : n_first;
  if (array.size.max >= 0) longest = std::min(longest, static_cast<size_t>(array.size.max));
  size_t n = 0, n_of_length = 1;  // of the lists with i items
  for (size_t i = 0; n < limit && n_of_length > 0; ++i) {
    if (i >= shortest) n += n_of_length;
    if (i >= longest) break;
    n_of_length = std::min(limit, n_of_length * n_values(array.item(i), limit));
  }
  return std::min(n, limit);
}

size_t Expander::n_objects(const ObjectShape& object, size_t limit) {
  const bool is_closed = std::any_of(object.scopes.begin(), object.scopes.end(), [&](const auto& scope) {
    return scope->patterns.empty() && scope->additional == impossible();
  });
  if (!is_closed) return limit;
  size_t n = 1;
  for (const std::string_view name : object.known_names()) {
    const bool is_required = std::binary_search(object.required.begin(), object.required.end(), name);
    n = std::min(limit, n * (n_values(member(object, name), limit) + (is_required ? 0 : 1)));
  }
  return n;
}

bool Expander::has_possible_object(const Shape& shape) {
  const ObjectShape& object = shape.object;
  const auto is_possible_member = [&](std::string_view name) {
    return is_possible(member(object, name)) && is_possible_name(object, name);
  };
  if (!std::all_of(object.required.begin(), object.required.end(), is_possible_member)) return false;
  if (object.size.max >= 0 && object.required.size() > static_cast<size_t>(object.size.max)) return false;

  Conditions others;
  bool is_open = true;
  for (const auto& scope : object.scopes) {
    if (scope->additional && scope->patterns.empty()) others = all_of(others, *scope->additional);
  }
  is_open = is_possible(others);
  const std::vector<std::string_view> names = object.known_names();
  if (!is_open && static_cast<size_t>(object.size.min) > object.required.size()) {
    const auto n = std::count_if(names.begin(), names.end(), is_possible_member);
    if (n < object.size.min) return false;
  }
  const auto can_be_some = [&](const ObjectShape::Some& some) {
    if (is_open) return true;
    const auto qualifies = [&](std::string_view name) {
      return !covers(*some.scope, name) && is_possible(all_of(member(object, name), some.value));
    };
    return std::any_of(names.begin(), names.end(), qualifies);
  };
  return std::all_of(object.some.begin(), object.some.end(), can_be_some);
}

bool Expander::covers(const MemberScope& scope, std::string_view name) {
  if (scope.named.count(name) != 0) return true;
  const auto is_match = [&](const MemberScope::Pattern& pattern) {
    return texts_.matches({TextRule::Kind::Pattern, true, pattern.text, pattern.schema}, name);
  };
  return std::any_of(scope.patterns.begin(), scope.patterns.end(), is_match);
}

Conditions Expander::member(const ObjectShape& object, std::string_view name) {
  Conditions out;
  for (const auto& scope : object.scopes) {
    bool is_covered = false;
    if (const auto it = scope->named.find(name); it != scope->named.end()) {
      out = all_of(out, it->second);
      is_covered = true;
    }
    for (const MemberScope::Pattern& pattern : scope->patterns) {
      if (!texts_.matches({TextRule::Kind::Pattern, true, pattern.text, pattern.schema}, name)) continue;
      out = all_of(out, pattern.value);
      is_covered = true;
    }
    if (!is_covered && scope->additional) out = all_of(out, *scope->additional);
  }
  return out;
}

bool Expander::is_possible_name(const ObjectShape& object, std::string_view name) {
  if (object.names.empty()) return true;
  Regexes& regexes = texts_.regexes();
  for (const Shape& shape : shapes(object.names)) {
    if ((shape.types & kString) == 0) continue;
    if (regexes.is_nullable(regexes.derive(texts_.string(shape.string, Writing::Plain), name))) return true;
  }
  return false;
}

RegexId Expander::key_texts(const Conditions& names) {
  std::vector<RegexId> parts;
  for (const Shape& shape : shapes(names)) {
    if ((shape.types & kString) != 0) parts.push_back(texts_.string(shape.string, texts_.writing()));
  }
  return texts_.regexes().either(parts);
}

}  // namespace facet::constraint
