// How texts come to their end soonest: for a state, how far that is in bytes, and what would have to be written.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "constraint/matcher/automaton.h"
#include "constraint/matcher/distances.h"

namespace facet::constraint {

class Endings {
 public:
  static constexpr uint32_t kLongest = Regexes::kLong;  // bytes; longer ones are not looked for

  explicit Endings(Automaton& automaton) : automaton_(automaton), distances_(automaton.store()) {}

  // Bytes to the end; a guess from below unless are_exact().
  uint32_t distance(StateId state);
  bool are_exact() const noexcept { return distances_.are_exact(); }
  // The shortest text that ends what has been written, or a short one where texts must differ; "" where it may end;
  // none: there is none, or it was not found. Behind the first bytes of it, it is the rest of them.
  std::optional<std::string> shortest(StateId state);
  size_t n_bytes() const noexcept {
    return distances_.n_bytes() + distance_.capacity() * sizeof(uint32_t) + next_.size() * 40;
  }

 private:
  struct Step {
    StateId from;
    uint8_t byte;
  };
  struct Place {
    uint32_t distance, n_read;
    StateId state;
    bool operator<(const Place& o) const { return distance != o.distance ? distance > o.distance : n_read > o.n_read; }
  };
  static constexpr int kNoWay = -1;

  bool find(StateId from);
  void give_up(std::span<const Place> passed);
  std::vector<uint8_t> bytes_to_try(StateId state);

  Automaton& automaton_;
  Distances distances_;
  std::vector<uint32_t> distance_;         // by state, Distances::kNotAsked where nobody has
  std::unordered_map<StateId, int> next_;  // by state on a way that was found: the byte, or kNoWay
};

}  // namespace facet::constraint
