// Texts that may not come twice: items of a list, keys without a name in the grammar. They are numbered by their
// values, so that 1.0 and 1 are one, and compared as texts: no expression is made of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "constraint/matcher/interned.h"
#include "constraint/regex/regexes.h"

namespace facet::constraint {

using SetId = uint32_t;  // a sorted set of numbers; 0 is the empty one

class SeenTexts {
 public:
  // Texts up to this number are looked at one by one; of what has more some is taken to be left.
  static constexpr size_t kFew = 200;

  uint32_t number(std::string_view text);
  bool has(std::span<const uint32_t> seen, std::string_view text) const;
  // The ends that make of `begun` a text which is not among `seen`, if there are no more than kFew ends in all.
  std::optional<std::vector<std::string>> few_left(Regexes& regexes, RegexId ends, std::span<const uint32_t> seen,
                                                   std::string_view begun) const;
  // Whether a text is left that is not among `seen`, exact for any number of them.
  bool is_any_left(Regexes& regexes, RegexId texts, std::span<const uint32_t> seen) const;
  size_t n_bytes() const noexcept { return n_bytes_; }

 private:
  std::vector<std::string> left(Regexes& regexes, RegexId ends, std::span<const uint32_t> seen,
                                std::string_view begun) const;

  std::unordered_map<std::string, uint32_t> numbers_;  // by canonical text
  size_t n_bytes_ = 0;
};

}  // namespace facet::constraint
