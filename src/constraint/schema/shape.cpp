#include "constraint/schema/shape.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "constraint/schema/values.h"

namespace facet::constraint {
namespace {

template <class T, class Less = std::less<>>
std::vector<T> shared_values(const std::vector<T>& a, const std::vector<T>& b, Less less = {}) {
  std::vector<T> out;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out), less);
  return out;
}

template <class T>
std::vector<T> sorted_union(const std::vector<T>& a, const std::vector<T>& b) {
  std::vector<T> out;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

template <class T>
void append_all(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// Both are of one value or none: the stricter of two lower bounds (sign 1) or upper bounds (sign -1).
void meet_bound(std::optional<Decimal>& bound, bool& is_exclusive, const std::optional<Decimal>& other,
                bool other_is_exclusive, int sign) {
  if (!other) return;
  const int order = bound ? compare(*other, *bound) * sign : 1;
  if (order > 0) {
    bound = other;
    is_exclusive = other_is_exclusive;
  } else if (order == 0) {
    is_exclusive = is_exclusive || other_is_exclusive;
  }
}

bool is_within(const NumberRule& bounds, const Decimal& value) {
  const int low = bounds.minimum ? compare(value, *bounds.minimum) : 1;
  const int high = bounds.maximum ? compare(*bounds.maximum, value) : 1;
  return (bounds.exclusive_minimum ? low > 0 : low >= 0) && (bounds.exclusive_maximum ? high > 0 : high >= 0);
}

bool has_numbers(const NumberRule& bounds) {
  if (!bounds.minimum || !bounds.maximum) return true;
  const int order = compare(*bounds.minimum, *bounds.maximum);
  return order < 0 || (order == 0 && !bounds.exclusive_minimum && !bounds.exclusive_maximum);
}

void meet_numbers(NumberShape& to, const NumberShape& other) {
  meet_bound(to.bounds.minimum, to.bounds.exclusive_minimum, other.bounds.minimum, other.bounds.exclusive_minimum, 1);
  meet_bound(to.bounds.maximum, to.bounds.exclusive_maximum, other.bounds.maximum, other.bounds.exclusive_maximum, -1);
  append_all(to.multiple_of, other.multiple_of);
  append_all(to.not_multiple_of, other.not_multiple_of);
  append_all(to.excluded, other.excluded);
  if (other.values) to.values = to.values ? shared_values(*to.values, *other.values, is_less) : *other.values;
}

void meet_strings(StringShape& to, const StringShape& other) {
  to.length.meet(other.length);
  for (const TextRule& rule : other.rules) {
    const auto is_same = [&](const TextRule& r) {
      return r.kind == rule.kind && r.holds == rule.holds && r.text == rule.text;
    };
    if (std::none_of(to.rules.begin(), to.rules.end(), is_same)) to.rules.push_back(rule);
  }
  to.excluded = sorted_union(to.excluded, other.excluded);
  if (other.values) to.values = to.values ? shared_values(*to.values, *other.values) : *other.values;
}

// Numbers of the list that are of these types, within the bounds and not excluded; the types that are left.
TypeSet settle_numbers(NumberShape& number, TypeSet types) {
  if (!has_numbers(number.bounds)) return types & ~kNumber;
  if (!number.values) return types;
  std::vector<NumberValue> kept;
  TypeSet found = 0;
  for (NumberValue& v : *number.values) {
    const TypeSet type = is_integer(v.value) ? kInteger : kFraction;
    const auto is_same = [&](const NumberValue& e) { return compare(e.value, v.value) == 0; };
    if ((types & type) == 0 || !is_within(number.bounds, v.value)) continue;
    if (std::any_of(number.excluded.begin(), number.excluded.end(), is_same)) continue;
    found |= type;
    kept.push_back(std::move(v));
  }
  number.values = std::move(kept);
  return static_cast<TypeSet>((types & ~kNumber) | found);
}

bool has_strings(StringShape& string) {
  if (string.length.is_empty()) return false;
  if (!string.values) return true;
  std::vector<std::string_view> kept;
  std::set_difference(string.values->begin(), string.values->end(), string.excluded.begin(), string.excluded.end(),
                      std::back_inserter(kept));
  string.values = std::move(kept);
  return !string.values->empty();
}

}  // namespace

Conditions all_of(const Conditions& a, const Conditions& b) { return sorted_union(a, b); }

void Range::meet(const Range& other) noexcept {
  min = std::max(min, other.min);
  if (other.max >= 0) max = max < 0 ? other.max : std::min(max, other.max);
}

Conditions ArrayShape::item(size_t i) const {
  Conditions out;
  for (const auto& scope : scopes) out = all_of(out, i < scope->first.size() ? scope->first[i] : scope->rest);
  return out;
}

size_t ArrayShape::n_first() const {
  size_t n = 0;
  for (const auto& scope : scopes) n = std::max(n, scope->first.size());
  return n;
}

std::vector<std::string_view> ObjectShape::known_names() const {
  std::set<std::string_view> names(required.begin(), required.end());
  for (const auto& scope : scopes) {
    for (const auto& entry : scope->named) names.insert(entry.first);
  }
  return {names.begin(), names.end()};
}

void Shape::meet(const Shape& other) {
  types &= other.types;
  if (undescribed.empty()) undescribed = other.undescribed;
  meet_numbers(number, other.number);
  meet_strings(string, other.string);
  array.size.meet(other.array.size);
  array.unique = array.unique || other.array.unique;
  append_all(array.scopes, other.array.scopes);
  append_all(array.contains, other.array.contains);
  object.size.meet(other.object.size);
  object.required = sorted_union(object.required, other.object.required);
  append_all(object.scopes, other.object.scopes);
  append_all(object.some, other.object.some);
  object.names = all_of(object.names, other.object.names);

  if ((types & kNumber) != 0) types = settle_numbers(number, types);
  if ((types & kString) != 0 && !has_strings(string)) types &= ~kString;
  if (array.size.is_empty()) types &= ~kArray;
  if (object.size.is_empty()) types &= ~kObject;
}

}  // namespace facet::constraint
