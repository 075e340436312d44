// Arrays of the grammar.
#include <algorithm>

#include "base/error.h"
#include "constraint/schema/builder.h"

namespace facet::constraint {
namespace {

// An item that has to be among the others makes an alternative for each place.
constexpr int kMaxPlaces = 64;

}  // namespace

void Builder::add_array(const ArrayShape& array, std::vector<NodeId>& out) {
  if (!array.contains.empty()) return add_array_with_contained(array, out);
  ArrayNode node;
  node.open = marks_.open_array;
  node.close = marks_.close_array;
  node.comma = marks_.comma;
  node.min_items = array.size.min;
  node.max_items = array.size.max;
  node.unique = array.unique;
  node.rest = Grammar::kNoNode;
  const size_t n_first = array.n_first();
  for (size_t i = 0; i <= n_first; ++i) {
    const Conditions item = array.item(i);
    if (!expander_.is_possible(item)) break;
    if (i < n_first)
      node.first.push_back(value(item));
    else
      node.rest = value(item);
  }
  out.push_back(grammar_.array(std::move(node)));
}

void Builder::add_array_with_contained(const ArrayShape& array, std::vector<NodeId>& out) {
  ArrayShape rest = array;
  const ArrayShape::Contains contains = rest.contains.back();
  rest.contains.pop_back();
  const bool is_plain = contains.count.min == 1 && contains.count.max < 0;
  const bool is_bounded = rest.size.max >= 0;
  const int n_places = is_bounded ? rest.size.max : std::max(rest.size.min, static_cast<int>(rest.n_first()));
  const bool is_tail_alone = !is_bounded && rest.n_first() == 0 && rest.size.min <= contains.count.min;
  if ((!is_plain && !is_tail_alone) || n_places > kMaxPlaces || contains.count.max > kMaxPlaces ||
      contains.count.min > kMaxPlaces)
    throw_error<RequestError>(
        "schema: contains with minContains or maxContains beside other limits of the same array, or with more than {} "
        "items, is not supported",
        kMaxPlaces);
  for (int i = 0; is_plain && i < n_places; ++i) {
    ArrayShape with = rest;
    auto scope = std::make_shared<ItemScope>();
    scope->first.resize(static_cast<size_t>(i) + 1);
    scope->first.back() = contains.item;
    with.scopes.push_back(std::move(scope));
    with.size.min = std::max(with.size.min, i + 1);
    if (expander_.is_possible(with.item(static_cast<size_t>(i)))) add_array(with, out);
  }
  if (is_bounded) return;
  if (rest.unique || !rest.contains.empty())
    throw_error<RequestError>("schema: contains beside uniqueItems or another contains needs maxItems");
  const auto n_before = static_cast<size_t>(is_plain ? n_places : 0);
  out.push_back(counted_items(rest, n_before, contains));
}

// Behind the first items any number of others, of which count.min to count.max are as they have to be.
NodeId Builder::counted_items(const ArrayShape& array, size_t n_before, const ArrayShape::Contains& contains) {
  const auto [min, max] = contains.count;
  const Conditions any = array.item(n_before);
  const NodeId counted = value(all_of(any, contains.item));
  NodeId other = value(any);
  if (max >= 0) {
    if (contains.item.size() != 1) return grammar_.choice({});
    other = value(all_of(any, {contains.item[0] ^ 1}));
  }
  const NodeId comma = marks_.comma;
  // From the one that ends the array on, towards the front: what may follow when i have been counted.
  const int last = max >= 0 ? max : min;
  const NodeId more = grammar_.repeat(grammar_.sequence({comma, other}), 0);
  NodeId behind = more, first = Grammar::kNoNode;
  for (int i = last; i >= 0; --i) {
    if (i < last) {
      const NodeId next = grammar_.sequence({comma, counted, behind});
      first = grammar_.sequence({counted, behind});
      behind = grammar_.sequence({more, i >= min ? grammar_.optional(next) : next});
    }
  }
  std::vector<NodeId> starts = {grammar_.sequence({other, behind})};
  if (first != Grammar::kNoNode) starts.push_back(first);
  NodeId items = grammar_.choice(std::move(starts));
  if (min == 0 && n_before == 0) items = grammar_.optional(items);
  std::vector<NodeId> parts = {marks_.open_array};
  for (size_t i = 0; i < n_before; ++i) {
    parts.push_back(value(array.item(i)));
    parts.push_back(comma);
  }
  parts.push_back(items);
  parts.push_back(marks_.close_array);
  return grammar_.sequence(std::move(parts));
}

}  // namespace facet::constraint
