// Values that are stored once: equal values have one index, so they are compared and hashed as numbers.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace facet::constraint {

// Products carry upwards only, and tables look at the lower bits.
inline uint64_t mix_hash(uint64_t h, uint64_t x) noexcept {
  h ^= x + 0x9e3779b97f4a7c15u + (h << 6) + (h >> 2);
  h *= 0xff51afd7ed558ccdu;
  return h ^ h >> 32;
}

// T: operator==, and hash_value(const T&) found beside it.
template <class T>
class Interned {
 public:
  uint32_t id(const T& value) {
    if ((values_.size() + 1) * 2 > slots_.size()) grow();
    uint64_t at = hash_value(value) & (slots_.size() - 1);
    for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1))
      if (values_[slots_[at] - 1] == value) return slots_[at] - 1;
    values_.push_back(value);
    slots_[at] = static_cast<uint32_t>(values_.size());
    return slots_[at] - 1;
  }
  const T& operator[](uint32_t id) const noexcept { return values_[id]; }
  size_t size() const noexcept { return values_.size(); }
  size_t n_bytes() const noexcept { return values_.capacity() * sizeof(T) + slots_.capacity() * sizeof(uint32_t); }

 private:
  void grow() {
    slots_.assign(slots_.empty() ? 64 : slots_.size() * 2, 0);
    for (uint32_t i = 0; i < values_.size(); ++i) {
      uint64_t at = hash_value(values_[i]) & (slots_.size() - 1);
      while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = i + 1;
    }
  }

  std::vector<T> values_;
  std::vector<uint32_t> slots_;  // index + 1; 0: free
};

// Sets of small numbers, or other sequences of them.
class InternedLists {
 public:
  InternedLists() { ends_.push_back(0), id({}); }

  uint32_t id(std::span<const uint32_t> list) {
    uint64_t h = list.size();
    for (const uint32_t x : list) h = mix_hash(h, x);
    const auto [first, last] = by_hash_.equal_range(h);
    for (auto it = first; it != last; ++it) {
      const auto there = (*this)[it->second];
      if (there.size() == list.size() && std::equal(list.begin(), list.end(), there.begin())) return it->second;
    }
    items_.insert(items_.end(), list.begin(), list.end());
    ends_.push_back(items_.size());
    const auto added = static_cast<uint32_t>(ends_.size() - 2);
    by_hash_.emplace(h, added);
    return added;
  }
  // Valid until the next id().
  std::span<const uint32_t> operator[](uint32_t id) const noexcept {
    return std::span(items_).subspan(ends_[id], ends_[id + 1] - ends_[id]);
  }
  size_t size() const noexcept { return ends_.size() - 1; }
  size_t n_bytes() const noexcept {
    return items_.capacity() * sizeof(uint32_t) + ends_.capacity() * sizeof(size_t) + by_hash_.size() * 40;
  }

 private:
  std::vector<uint32_t> items_;
  std::vector<size_t> ends_;  // list i is [ends_[i], ends_[i + 1])
  std::unordered_multimap<uint64_t, uint32_t> by_hash_;
};

}  // namespace facet::constraint
