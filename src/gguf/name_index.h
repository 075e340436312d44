// Finds the items of a vector by name. Sorted, where a hash table would do, because the names of a hostile file can be
// chosen to collide. Internal to gguf/.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "gguf/reader.h"

namespace facet::gguf {

template <class Item, std::string_view Item::*kName>
class NameIndex {
 public:
  // The items must stay where they are.
  void build(const std::vector<Item>& items) {
    sorted_.clear();
    for (const Item& item : items) sorted_.push_back(&item);
    std::sort(sorted_.begin(), sorted_.end(), [](const Item* a, const Item* b) { return a->*kName < b->*kName; });
  }

  const Item* find(std::string_view name) const noexcept {
    const auto it = std::lower_bound(sorted_.begin(), sorted_.end(), name,
                                     [](const Item* item, std::string_view n) { return item->*kName < n; });
    return it != sorted_.end() && (*it)->*kName == name ? *it : nullptr;
  }

  // One of two items of the same name, if there are such.
  const Item* find_duplicate() const noexcept {
    const auto it = std::adjacent_find(sorted_.begin(), sorted_.end(),
                                       [](const Item* a, const Item* b) { return a->*kName == b->*kName; });
    return it == sorted_.end() ? nullptr : *it;
  }

 private:
  std::vector<const Item*> sorted_;
};

using ValueIndex = NameIndex<Value, &Value::key>;
using TensorIndex = NameIndex<Tensor, &Tensor::name>;

}  // namespace facet::gguf
