// Rows of logits that timelines borrow for a step of several rows, so that each need own but one. Thread-safe. Internal
// to runtime/.
#pragma once

#include <array>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/backend.h"

namespace facet::runtime {

class RowPool {
 public:
  // Memory of a row that was given back, or none.
  std::vector<float> take() noexcept {
    const std::lock_guard lock(mutex_);
    return n_ > 0 ? std::exchange(rows_[--n_], {}) : std::vector<float>();
  }

  // Kept for the next taker; more than a step has are freed.
  void give(std::vector<float> row) noexcept {
    const std::lock_guard lock(mutex_);
    if (row.capacity() > 0 && n_ < rows_.size()) rows_[n_++] = std::move(row);
  }

 private:
  std::mutex mutex_;
  std::array<std::vector<float>, ops::kDecodeBatch> rows_;
  size_t n_ = 0;
};

}  // namespace facet::runtime
