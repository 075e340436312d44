// How many bytes a text needs at least to come to its end, for each way of reading it: of what is being read, and of
// what the frames around it still ask for. Exact, but where texts must differ from each other: there a guess from
// below. Where looking for it would cost too much, no end is known.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "constraint/matcher/expansion.h"

namespace facet::constraint {

class Distances {
 public:
  static constexpr uint32_t kFar = 1u << 30;  // no end is known
  static constexpr uint32_t kNotAsked = UINT32_MAX;

  explicit Distances(FrameStore& store);

  bool are_exact() const noexcept { return are_exact_; }
  uint32_t of(const Thread& thread);
  // The first byte on the shortest way; of a thread that is not far, and whose own text is not complete.
  uint8_t next_byte(const Thread& thread);
  size_t n_bytes() const noexcept {
    return (least_.capacity() + behind_.capacity()) * sizeof(uint32_t) + measured_.size() * 40;
  }

 private:
  using Least = std::vector<uint32_t>;
  // Members or items that have to come.
  struct Needed {
    uint64_t n_bytes = 0, n = 0;  // without commas
  };
  struct Key {
    uint64_t n_bytes = kFar;  // what is left of it
    uint32_t place = 0;       // in the plan's order
  };

  void measure(RegexId expression, size_t n_made_before);
  uint32_t length(RegexId expression) const;
  uint32_t least(NodeId id, const Least& least) const;
  uint32_t behind(FrameId frame);
  uint64_t rest(const Frame& frame, const Least& least) const;
  uint64_t rest_of_object(const Frame& frame, const Least& least) const;
  uint64_t rest_of_array(const Frame& frame, const Least& least) const;
  Needed members(const Frame& frame, const Least& least, uint64_t at, uint64_t at_least = 0) const;
  static Needed items(const ArrayNode& array, const Least& least, uint64_t at, uint64_t at_least = 0);
  Key nearest_key(const Thread& thread) const;
  uint32_t behind_key(const Thread& thread, uint32_t place);

  FrameStore& store_;
  bool are_exact_ = true;
  std::unordered_map<RegexId, uint32_t> measured_;  // terminals and keys of the grammar
  Least least_;                                     // by node
  Least behind_;                                    // by frame, kNotAsked where nobody has
};

}  // namespace facet::constraint
