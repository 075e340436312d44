#include "constraint/regex/expressions.h"

#include <algorithm>

#include "base/error.h"

namespace facet::constraint {
namespace {

constexpr RegexId kFreeSlot = UINT32_MAX;
// Derivatives recurse as deep as expressions are nested in other ways than one after the other.
constexpr size_t kMaxRegexDepth = 500;
constexpr uint32_t kLongLength = 1u << 30;

// Literals hash as polynomials, so that the hash of a literal without its first bytes costs nothing to find.
constexpr uint64_t kLetterBase = 0x9e3779b97f4a7c15;
constexpr uint64_t inverse_of(uint64_t odd) {
  uint64_t inverse = odd;
  for (int i = 0; i < 6; ++i) inverse *= 2 - odd * inverse;
  return inverse;
}
constexpr uint64_t kLetterBaseInverse = inverse_of(kLetterBase);
static_assert(kLetterBase * kLetterBaseInverse == 1);

uint64_t letter_value(char c) { return static_cast<unsigned char>(c) + 1; }

uint64_t literal_hash(std::string_view text) {
  uint64_t hash = 0;
  for (size_t i = text.size(); i-- > 0;) hash = hash * kLetterBase + letter_value(text[i]);
  return hash;
}

uint64_t mixed(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0xff51afd7ed558ccd;
  return hash ^ hash >> 32;
}

uint64_t node_hash(const RegexNode& node, std::span<const RegexId> parts) {
  uint64_t hash = mixed(0x243f6a8885a308d3, static_cast<uint64_t>(node.kind));
  if (node.kind == RegexKind::Either || node.kind == RegexKind::Both) {
    for (const RegexId part : parts) hash = mixed(hash, part);
    return hash;
  }
  hash = mixed(hash, uint64_t{node.a} << 32 | node.b);
  return mixed(hash, static_cast<uint64_t>(static_cast<uint32_t>(node.min)) << 32 | static_cast<uint32_t>(node.max));
}

// What is to be added to a number behind which there are only zeros to make it a multiple, in units of the last
// decimal.
uint64_t gap_to_multiple(const Remainder& r) {
  uint64_t value = r.value % r.modulus;
  for (int i = 0; i < r.decimals && value != 0; ++i) value = value * 10 % r.modulus;
  return value == 0 ? 0 : r.modulus - value;
}

bool is_below_power_of_ten(uint64_t value, int exponent) {
  for (; exponent > 0 && value > 0; --exponent) value /= 10;
  return value == 0;
}

}  // namespace

Expressions::Expressions(size_t max_expressions) : max_cost_(max_expressions), slots_(64, kFreeSlot) {
  for (const RegexKind kind : {RegexKind::Nothing, RegexKind::Empty, RegexKind::Anything}) {
    RegexNode node;
    node.kind = kind;
    find_or_add(node, node_hash(node, {}));
  }
}

size_t Expressions::n_bytes() const noexcept {
  return nodes_.capacity() * sizeof(RegexNode) + hashes_.capacity() * sizeof(uint64_t) +
         (slots_.capacity() + parts_.capacity()) * sizeof(RegexId) + letters_.capacity() +
         sets_.size() * 3 * sizeof(ByteSet);
}

bool Expressions::ends_with(RegexId id, uint8_t byte) const noexcept {
  while (nodes_[id].kind == RegexKind::Concat) id = nodes_[id].b;
  const RegexNode& node = nodes_[id];
  if (node.kind == RegexKind::Bytes) return set(node) == ByteSet{}.set(byte);
  return node.kind == RegexKind::Literal && static_cast<uint8_t>(literal(node).back()) == byte;
}

RegexId Expressions::bytes(const ByteSet& set) {
  if (set.none()) return Regexes::kNothing;
  const auto found = ids_of_sets_.find(set);
  if (found != ids_of_sets_.end()) return found->second;
  RegexNode node;
  node.kind = RegexKind::Bytes;
  node.a = static_cast<uint32_t>(sets_.size());
  sets_.push_back(set);
  const RegexId id = find_or_add(node, node_hash(node, {}));
  ids_of_sets_.emplace(set, id);
  return id;
}

RegexId Expressions::literal(std::string_view text) {
  if (text.empty()) return Regexes::kEmpty;
  if (text.size() == 1) return one_byte(static_cast<uint8_t>(text[0]));
  count(text.size() / 64);
  RegexNode node;
  node.kind = RegexKind::Literal;
  node.a = static_cast<uint32_t>(letters_.size());
  node.b = static_cast<uint32_t>(text.size());
  const uint64_t hash = literal_hash(text);
  letters_.append(text);
  const size_t n_before = nodes_.size();
  const RegexId id = find_or_add(node, hash);
  if (nodes_.size() == n_before) letters_.resize(node.a);
  return id;
}

RegexId Expressions::literal_tail(RegexId literal) {
  const RegexNode& node = nodes_[literal];
  const uint64_t hash = (hashes_[literal] - letter_value(letters_[node.a])) * kLetterBaseInverse;
  return part_of_literal(node.a + 1, node.b - 1, hash);
}

RegexId Expressions::part_of_literal(const RegexNode& literal, size_t skip, size_t n_bytes) {
  const size_t begin = literal.a + skip;
  return part_of_literal(static_cast<uint32_t>(begin), static_cast<uint32_t>(n_bytes),
                         literal_hash(std::string_view(letters_).substr(begin, n_bytes)));
}

RegexId Expressions::part_of_literal(uint32_t begin, uint32_t n_bytes, uint64_t hash) {
  if (n_bytes == 0) return Regexes::kEmpty;
  if (n_bytes == 1) return one_byte(static_cast<uint8_t>(letters_[begin]));
  RegexNode node;
  node.kind = RegexKind::Literal;
  node.a = begin;
  node.b = n_bytes;
  return find_or_add(node, hash);
}

RegexId Expressions::concat(RegexId head, RegexId tail) {
  RegexNode node;
  node.kind = RegexKind::Concat;
  node.a = head;
  node.b = tail;
  return find_or_add(node, node_hash(node, {}));
}

RegexId Expressions::set_of(RegexKind kind, std::span<const RegexId> parts) {
  RegexNode node;
  node.kind = kind;
  node.b = static_cast<uint32_t>(parts.size());
  return find_or_add(node, node_hash(node, parts), parts);
}

RegexId Expressions::complement(RegexId a) {
  RegexNode node;
  node.kind = RegexKind::Not;
  node.a = a;
  return find_or_add(node, node_hash(node, {}));
}

RegexId Expressions::repeat(RegexId a, int min, int max) {
  RegexNode node;
  node.kind = RegexKind::Repeat;
  node.a = a;
  node.min = min;
  node.max = max;
  return find_or_add(node, node_hash(node, {}));
}

RegexId Expressions::multiple(const Remainder& remainder) {
  RegexNode node;
  node.kind = RegexKind::Multiple;
  node.a = remainder.modulus;
  node.b = remainder.value;
  node.min = remainder.decimals;
  node.max = remainder.behind_point;
  return find_or_add(node, node_hash(node, {}));
}

RegexId Expressions::find_or_add(RegexNode node, uint64_t hash, std::span<const RegexId> parts) {
  const size_t mask = slots_.size() - 1;
  size_t slot = mixed(hash, 0) & mask;
  for (; slots_[slot] != kFreeSlot; slot = (slot + 1) & mask) {
    const RegexId id = slots_[slot];
    if (hashes_[id] == hash && is_equal(nodes_[id], node, parts)) return id;
  }
  count(1 + parts.size() / 8);
  derive_facts(node, parts);
  if (!parts.empty()) {
    node.a = static_cast<uint32_t>(parts_.size());
    parts_.insert(parts_.end(), parts.begin(), parts.end());
  }
  const auto id = static_cast<RegexId>(nodes_.size());
  nodes_.push_back(node);
  hashes_.push_back(hash);
  slots_[slot] = id;
  if (nodes_.size() * 2 > slots_.size()) fill_slots(slots_.size() * 2);
  return id;
}

bool Expressions::is_equal(const RegexNode& stored, const RegexNode& node, std::span<const RegexId> parts) const {
  if (stored.kind != node.kind || stored.b != node.b) return false;
  switch (node.kind) {
    case RegexKind::Literal:
      return stored.a == node.a || literal(stored) == literal(node);
    case RegexKind::Either:
    case RegexKind::Both:
      return std::equal(parts.begin(), parts.end(), parts_.begin() + stored.a);
    default:
      return stored.a == node.a && stored.min == node.min && stored.max == node.max;
  }
}

// What follows from the parts without any search.
void Expressions::derive_facts(RegexNode& node, std::span<const RegexId> parts) const {
  const auto part = [&](RegexId id) -> const RegexNode& { return nodes_[id]; };
  size_t depth = 1;
  for (const RegexId id : parts) depth = std::max<size_t>(depth, part(id).depth + 1);
  const auto is_nullable = [&](RegexId id) { return part(id).nullable; };
  const auto is_live = [&](RegexId id) { return part(id).life == Life::Live; };
  bool live = false;
  switch (node.kind) {
    case RegexKind::Nothing:
      node.life = Life::Dead;
      return;
    case RegexKind::Empty:
    case RegexKind::Anything:
      node.nullable = true;
      break;
    case RegexKind::Bytes:
    case RegexKind::Literal:
      live = true;
      break;
    case RegexKind::Concat:
      node.nullable = is_nullable(node.a) && is_nullable(node.b);
      live = is_live(node.a) && is_live(node.b);
      depth = part(node.a).depth + size_t{1};
      if (is_nullable(node.a)) depth = std::max<size_t>(depth, part(node.b).depth);
      break;
    case RegexKind::Either:
      node.nullable = std::any_of(parts.begin(), parts.end(), is_nullable);
      live = std::any_of(parts.begin(), parts.end(), is_live);
      break;
    case RegexKind::Both:
      node.nullable = std::all_of(parts.begin(), parts.end(), is_nullable);
      break;
    case RegexKind::Not:
      node.nullable = !is_nullable(node.a);
      depth = part(node.a).depth + size_t{1};
      break;
    case RegexKind::Repeat:
      node.nullable = node.min == 0 || is_nullable(node.a);
      live = is_live(node.a);
      depth = part(node.a).depth + size_t{1};
      break;
    case RegexKind::Multiple: {
      const uint64_t gap = gap_to_multiple(remainder(node));
      node.nullable = gap == 0;
      live = !remainder(node).behind_point || is_below_power_of_ten(gap, node.min);
      break;
    }
  }
  if (node.nullable || live) node.life = Life::Live;
  if (depth > kMaxRegexDepth)
    throw_error<RequestError>("regular expressions are nested more than {} levels deep: simplify them", kMaxRegexDepth);
  node.depth = static_cast<uint16_t>(depth);
  node.min_length = node.nullable ? 0 : least_length(node, parts);
  node.has_shortest = node.nullable || has_shortest(node, parts);
}

bool Expressions::has_shortest(const RegexNode& node, std::span<const RegexId> parts) const {
  const auto has = [&](RegexId id) { return nodes_[id].has_shortest; };
  switch (node.kind) {
    case RegexKind::Concat:
      return has(node.a) && has(node.b);
    case RegexKind::Repeat:
      return has(node.a);
    case RegexKind::Either:
      return std::any_of(parts.begin(), parts.end(),
                         [&](RegexId id) { return has(id) && nodes_[id].min_length == node.min_length; });
    case RegexKind::Both:
    case RegexKind::Not:
    case RegexKind::Multiple:
      return false;
    default:
      return true;
  }
}

uint32_t Expressions::least_length(const RegexNode& node, std::span<const RegexId> parts) const {
  const auto of = [&](RegexId id) { return nodes_[id].min_length; };
  const auto is_less = [&](RegexId a, RegexId b) { return of(a) < of(b); };
  switch (node.kind) {
    case RegexKind::Literal:
      return node.b;
    case RegexKind::Concat:
      return std::min(kLongLength, of(node.a) + of(node.b));
    case RegexKind::Either:
      return of(*std::min_element(parts.begin(), parts.end(), is_less));
    case RegexKind::Both:
      return of(*std::max_element(parts.begin(), parts.end(), is_less));
    case RegexKind::Repeat:
      return static_cast<uint32_t>(
          std::min<uint64_t>(kLongLength, uint64_t{of(node.a)} * static_cast<uint64_t>(node.min)));
    default:
      return 1;
  }
}

void Expressions::count(size_t cost) {
  cost_ += cost;
  if (cost_ > max_cost_)
    throw_error<RequestError>(
        "the grammar needs more than {} regular expressions: simplify its patterns, or shorten what they count",
        max_cost_);
}

// What is older refers to nothing newer, so the rest can be cut off.
void Expressions::forget() {
  for (size_t i = kept_.sets; i < sets_.size(); ++i) ids_of_sets_.erase(sets_[i]);
  nodes_.resize(kept_.nodes);
  hashes_.resize(kept_.nodes);
  parts_.resize(kept_.parts);
  letters_.resize(kept_.letters);
  sets_.resize(kept_.sets);
  cost_ = kept_.cost;
  fill_slots(slots_.size());
}

void Expressions::fill_slots(size_t n_slots) {
  slots_.assign(n_slots, kFreeSlot);
  const size_t mask = slots_.size() - 1;
  for (RegexId id = 0; id < nodes_.size(); ++id) {
    size_t slot = mixed(hashes_[id], 0) & mask;
    while (slots_[slot] != kFreeSlot) slot = (slot + 1) & mask;
    slots_[slot] = id;
  }
}

}  // namespace facet::constraint
