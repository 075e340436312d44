// What a decode step of several rows costs beside one of a single row, learnt from the steps that are run.
#pragma once

#include <array>
#include <atomic>

#include "runtime/backend.h"

namespace facet::runtime {

// Written by one thread at a time, read by any.
class StepCosts {
 public:
  // Until it is known, a row more is taken to cost this much of a row alone.
  explicit StepCosts(float cost_of_a_row) noexcept;

  void record(int n_rows, double seconds) noexcept;

  // Of a step of n_rows in steps of one row; at least 1.
  float relative(int n_rows) const noexcept;

 private:
  std::atomic<float> single_seconds_{0};
  std::array<std::atomic<float>, kDecodeRows + 1> relative_;
};

}  // namespace facet::runtime
