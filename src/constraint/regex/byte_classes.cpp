#include "constraint/regex/byte_classes.h"

#include <algorithm>

namespace facet::constraint {

void ByteClassesBuilder::split(const ByteSet& set) {
  if (set.count() == 1) {
    singles_ |= set;
  } else if (seen_.insert(set).second) {
    split_now(set);
  }
}

void ByteClassesBuilder::split(const ByteClasses& classes) {
  std::vector<ByteSet> sets(classes.size());
  for (size_t b = 0; b < 256; ++b) sets[classes.class_of[b]].set(b);
  for (const ByteSet& set : sets) split(set);
}

void ByteClassesBuilder::split_now(const ByteSet& set) {
  for (size_t i = classes_.size(); i-- > 0;) {
    const ByteSet inside = classes_[i] & set;
    if (inside.none() || inside == classes_[i]) continue;
    classes_[i] ^= inside;
    classes_.push_back(inside);
  }
}

// Classes are numbered by their first bytes, so that equal ones are equal as they are stored.
ByteClasses ByteClassesBuilder::take() {
  for (size_t b = singles_._Find_first(); b < singles_.size(); b = singles_._Find_next(b)) split_now(ByteSet{}.set(b));
  std::sort(classes_.begin(), classes_.end(),
            [](const ByteSet& a, const ByteSet& b) { return a._Find_first() < b._Find_first(); });
  ByteClasses out;
  for (const ByteSet& members : classes_) {
    const size_t first = members._Find_first();
    for (size_t b = first; b < members.size(); b = members._Find_next(b))
      out.class_of[b] = static_cast<uint8_t>(out.examples.size());
    out.examples.push_back(static_cast<uint8_t>(first));
  }
  return out;
}

const ByteClasses* ByteClassesSet::add(ByteClasses classes) {
  const auto key = [](const ByteClasses& c) {
    return std::string_view(reinterpret_cast<const char*>(c.class_of.data()), c.class_of.size());
  };
  const auto found = stored_.find(key(classes));
  if (found != stored_.end()) return found->second.get();
  auto kept = std::make_unique<ByteClasses>(std::move(classes));
  const std::string_view name = key(*kept);
  return stored_.emplace(name, std::move(kept)).first->second.get();
}

}  // namespace facet::constraint
