// How many rows of prompts to compute at a time while answers are under way, so that their next tokens do not come
// later than they should. What rows cost is learnt from the steps that are run.
#pragma once

#include <array>
#include <cstddef>

namespace facet::runtime {

class PrefillPacer {
 public:
  // most_rows: of a step, what is best where nobody waits. target_gap: seconds between two tokens of an answer.
  PrefillPacer(int most_rows, double target_gap) noexcept : most_rows_(most_rows), target_gap_(target_gap) {}

  void record_prefill(int n_rows, double seconds) noexcept;
  // A step for each answer under way.
  void record_decode(double seconds) noexcept;

  // The most rows that leave the gap near its target, or near `patience` times that; but they may take `least` times a
  // decode step's time in any case, so that prompts are not starved where the target cannot be kept.
  int rows(double least = 1, double patience = 1) const noexcept;

  static constexpr int kFewest = 32;  // a step's fixed cost beside its rows' would be too much

 private:
  static size_t size_class(int n_rows) noexcept;
  double seconds_per_row(int n_rows) const noexcept;

  int most_rows_;
  double target_gap_;
  double decode_seconds_ = 0;
  std::array<double, 24> seconds_per_row_{};  // by the binary logarithm of a step's rows; 0: not known
};

}  // namespace facet::runtime
