// Bytes in classes: between bytes of one class a state makes no difference.
#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "constraint/regex/regexes.h"

namespace facet::constraint {

struct ByteClasses {
  std::array<uint8_t, 256> class_of{};
  std::vector<uint8_t> examples;  // one byte of each class

  size_t size() const noexcept { return examples.size(); }
};

// The classes that are left when each of some sets is to be a union of classes.
class ByteClassesBuilder {
 public:
  void split(const ByteSet& set);
  void split(uint8_t byte) { singles_.set(byte); }
  void split(const ByteClasses& classes);
  ByteClasses take();

 private:
  void split_now(const ByteSet& set);

  std::vector<ByteSet> classes_ = {ByteSet{}.set()};
  ByteSet singles_;
  std::unordered_set<ByteSet> seen_;
};

// Stores equal ones once.
class ByteClassesSet {
 public:
  const ByteClasses* add(ByteClasses classes);
  size_t n_bytes() const noexcept { return stored_.size() * (sizeof(ByteClasses) + 128); }

 private:
  std::unordered_map<std::string_view, std::unique_ptr<ByteClasses>> stored_;
};

}  // namespace facet::constraint
