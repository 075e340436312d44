#include "constraint/matcher/distances.h"

#include <algorithm>
#include <numeric>

#include "constraint/grammar/fixpoint.h"

namespace facet::constraint {
namespace {

using Kind = Grammar::Kind;

// Expressions that may be made for all that a grammar names, a quarter of those that it may have.
constexpr size_t kMaxMade = 50'000;

uint32_t limited(uint64_t n) { return static_cast<uint32_t>(std::min<uint64_t>(n, Distances::kFar)); }

uint64_t missing(int wanted, uint64_t there) {
  return wanted > 0 && static_cast<uint64_t>(wanted) > there ? static_cast<uint64_t>(wanted) - there : 0;
}

}  // namespace

Distances::Distances(FrameStore& store) : store_(store) {
  const Grammar& grammar = store.grammar;
  const size_t n_made = grammar.regexes().n_made();
  for (NodeId id = 0; id < grammar.size(); ++id) {
    const auto& node = grammar.node(id);
    if (node.kind == Kind::Terminal) measure(node.regex, n_made);
    if (node.kind == Kind::Array) are_exact_ &= !grammar.array_of(node).unique;
    if (node.kind != Kind::Object) continue;
    are_exact_ &= !store.objects[node.index].keys_differ;
    for (const auto& other : grammar.object_of(node).others) measure(other.key, n_made);
  }
  least_ = falling_fixpoint(grammar, kFar, [this](NodeId id, const Least& numbers) { return least(id, numbers); });
}

void Distances::measure(RegexId expression, size_t n_made_before) {
  if (measured_.contains(expression)) return;
  const bool is_worth_it = store_.grammar.regexes().n_made() - n_made_before <= kMaxMade;
  measured_.emplace(expression, is_worth_it ? length(expression) : kFar);
}

uint32_t Distances::length(RegexId expression) const {
  if (const auto it = measured_.find(expression); it != measured_.end()) return it->second;
  const uint32_t n = store_.grammar.regexes().least_bytes(expression);
  return n < Regexes::kLong ? n : kFar;
}

// Of a text of the node, as far as its parts are known.
uint32_t Distances::least(NodeId id, const Least& least) const {
  const auto& node = store_.grammar.node(id);
  switch (node.kind) {
    case Kind::Terminal:
      return measured_.at(node.regex);
    case Kind::Sequence:
    case Kind::Rule: {
      uint64_t sum = 0;
      for (const NodeId part : node.parts) sum += least[part];
      return limited(sum);
    }
    case Kind::Choice: {
      uint32_t n = kFar;
      for (const NodeId part : node.parts) n = std::min(n, least[part]);
      return n;
    }
    case Kind::Repeat:
      return limited(missing(node.min, 0) * least[node.parts[0]]);
    case Kind::Object:
      return limited(least[store_.grammar.object_of(node).open] + rest({.node = id}, least));
    case Kind::Array:
      return limited(least[store_.grammar.array_of(node).open] + rest({.node = id}, least));
  }
  return kFar;
}

// What the frame asks for behind the part that is being read, without the frames around it.
uint64_t Distances::rest(const Frame& f, const Least& least) const {
  const auto& node = store_.grammar.node(f.node);
  switch (node.kind) {
    case Kind::Sequence: {
      uint64_t sum = 0;
      for (size_t i = f.at + size_t{1}; i < node.parts.size(); ++i) sum += least[node.parts[i]];
      return sum;
    }
    case Kind::Repeat:
      return missing(node.min, uint64_t{f.at} + 1) * least[node.parts[0]];
    case Kind::Object:
      return rest_of_object(f, least);
    case Kind::Array:
      return rest_of_array(f, least);
    default:
      return 0;
  }
}

uint64_t Distances::rest_of_object(const Frame& f, const Least& least) const {
  const ObjectPlan& plan = store_.objects[store_.grammar.node(f.node).index];
  const ObjectNode& object = *plan.node;
  const bool is_in_member = f.phase == Phase::Key || f.phase == Phase::OtherKey || f.phase == Phase::Colon;
  const Needed more = members(f, least, f.at + uint64_t{is_in_member}, f.phase == Phase::Comma);
  const bool is_first = f.phase == Phase::Open || f.phase == Phase::Comma;
  uint64_t n = more.n_bytes + (more.n - (is_first && more.n > 0)) * least[object.comma] + least[object.close];
  if (f.phase == Phase::Key || f.phase == Phase::OtherKey) n += least[object.colon];
  if (is_in_member) {
    const size_t n_named = object.properties.size();
    n += least[f.which < n_named ? object.properties[plan.order[f.which]].value
                                 : object.others[f.which - n_named].value];
  }
  return n;
}

// The required ones that are not there, and of the others the shortest until there are enough.
Distances::Needed Distances::members(const Frame& f, const Least& least, uint64_t at, uint64_t at_least) const {
  const ObjectPlan& plan = store_.objects[store_.grammar.node(f.node).index];
  const ObjectNode& object = *plan.node;
  Needed needed;
  std::vector<uint64_t> spare;
  for (uint32_t place = 0; place < plan.order.size(); ++place) {
    if (store_.has(f.used, place)) continue;
    const auto& property = object.properties[plan.order[place]];
    const uint64_t n = property.key.size() + uint64_t{least[object.colon]} + least[property.value];
    if (property.required)
      needed.n_bytes += n, ++needed.n;
    else
      spare.push_back(n);
  }
  const uint64_t n_wanted = std::max(missing(object.min_members, at), at_least);
  if (needed.n >= n_wanted) return needed;
  uint64_t other = kFar;
  for (const auto& o : object.others)
    other = std::min<uint64_t>(other, uint64_t{measured_.at(o.key)} + least[object.colon] + least[o.value]);
  std::sort(spare.begin(), spare.end());
  for (size_t i = 0; needed.n < n_wanted; ++needed.n, ++i)
    needed.n_bytes += i < spare.size() ? std::min(spare[i], other) : other;
  return needed;
}

uint64_t Distances::rest_of_array(const Frame& f, const Least& least) const {
  const ArrayNode& array = store_.grammar.array_of(store_.grammar.node(f.node));
  const Needed more = items(array, least, f.at, f.phase == Phase::Comma);
  const bool is_first = f.phase == Phase::Open || f.phase == Phase::Comma;
  return more.n_bytes + (more.n - (is_first && more.n > 0)) * least[array.comma] + least[array.close];
}

Distances::Needed Distances::items(const ArrayNode& array, const Least& least, uint64_t at, uint64_t at_least) {
  Needed needed{0, std::max(missing(array.min_items, at), at_least)};
  uint64_t i = at;
  for (; i < at + needed.n && i < array.first.size(); ++i) needed.n_bytes += least[array.first[i]];
  const uint64_t n_rest = at + needed.n - i;
  if (n_rest > 0) needed.n_bytes += n_rest * (array.rest == Grammar::kNoNode ? kFar : least[array.rest]);
  return needed;
}

// Of the frame and all around it. Frames nest as deep as texts do.
uint32_t Distances::behind(FrameId frame) {
  behind_.resize(store_.frames.size(), kNotAsked);
  std::vector<FrameId> open;
  for (; frame != kRoot && behind_[frame] == kNotAsked; frame = store_.frames[frame].parent) open.push_back(frame);
  uint32_t n = frame == kRoot ? 0 : behind_[frame];
  for (; !open.empty(); open.pop_back()) {
    n = limited(n + rest(store_.frames[open.back()], least_));
    behind_[open.back()] = n;
  }
  return n;
}

// A required one if there is any, for it has to be written at some time.
Distances::Key Distances::nearest_key(const Thread& thread) const {
  const Frame& f = store_.frames[thread.frame];
  const ObjectPlan& plan = store_.objects[store_.grammar.node(f.node).index];
  const auto& at = store_.keys[thread.state & ~kKeyBit];
  Key nearest;
  bool is_required = false;
  for (uint32_t place = at.first; place < at.end; ++place) {
    const auto& property = plan.node->properties[plan.order[place]];
    if (property.key.size() == at.depth || store_.has(f.used, place)) continue;
    const uint64_t n = property.key.size() - at.depth;
    const uint64_t with_value = n + least_[property.value];
    if (with_value >= kFar || property.required < is_required) continue;
    if (property.required == is_required && nearest.n_bytes < kFar) {
      const auto& other = plan.node->properties[plan.order[nearest.place]];
      if (nearest.n_bytes + least_[other.value] <= with_value) continue;
    }
    nearest = {n, place};
    is_required = property.required;
  }
  return nearest;
}

uint32_t Distances::behind_key(const Thread& thread, uint32_t place) {
  Frame f = store_.frames[thread.frame];
  f.used = store_.with(f.used, place);
  f.which = place;
  return limited(rest(f, least_) + behind(f.parent));
}

uint32_t Distances::of(const Thread& thread) {
  if (thread.is_key()) {
    const Key key = nearest_key(thread);
    return key.n_bytes >= kFar ? kFar : limited(key.n_bytes + behind_key(thread, key.place));
  }
  const uint32_t n = length(thread.state);
  return n < kFar ? limited(uint64_t{n} + behind(thread.frame)) : kFar;
}

uint8_t Distances::next_byte(const Thread& thread) {
  if (!thread.is_key()) return store_.grammar.regexes().first_of_shortest(thread.state);
  const Frame& f = store_.frames[thread.frame];
  const ObjectPlan& plan = store_.objects[store_.grammar.node(f.node).index];
  const std::string& key = plan.node->properties[plan.order[nearest_key(thread).place]].key;
  return static_cast<uint8_t>(key[store_.keys[thread.state & ~kKeyBit].depth]);
}

}  // namespace facet::constraint
