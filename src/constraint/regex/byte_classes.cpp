#include "constraint/regex/byte_classes.h"

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
  ByteSet inside, outside;  // the classes that have bytes there
  for (size_t b = 0; b < 256; ++b) (set[b] ? inside : outside).set(class_of_[b]);
  const ByteSet divided = inside & outside;
  if (divided.none()) return;
  std::array<uint8_t, 256> fresh;
  for (size_t c = 0; c < 256; ++c) fresh[c] = static_cast<uint8_t>(divided[c] ? n_classes_++ : c);
  for (size_t b = 0; b < 256; ++b)
    if (set[b]) class_of_[b] = fresh[class_of_[b]];
}

// Classes are numbered by their first bytes, so that equal ones are equal as they are stored.
ByteClasses ByteClassesBuilder::take() {
  std::array<int, 256> n_members{};
  for (const uint8_t c : class_of_) ++n_members[c];
  for (size_t b = 0; b < 256; ++b) {
    if (!singles_[b] || n_members[class_of_[b]] == 1) continue;
    --n_members[class_of_[b]];
    class_of_[b] = static_cast<uint8_t>(n_classes_);
    n_members[n_classes_++] = 1;
  }
  ByteClasses out;
  std::array<int, 256> number;
  number.fill(-1);
  for (size_t b = 0; b < 256; ++b) {
    int& n = number[class_of_[b]];
    if (n < 0) {
      n = static_cast<int>(out.examples.size());
      out.examples.push_back(static_cast<uint8_t>(b));
    }
    out.class_of[b] = static_cast<uint8_t>(n);
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
