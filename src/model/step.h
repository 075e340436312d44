// What is computed together: rows (tokens) of one or more sessions.
#pragma once

#include <array>
#include <atomic>
#include <span>

#include "model/kv_layout.h"
#include "ops/tensor.h"

namespace facet::model {

// Consecutive rows of a step that belong to one session.
struct Segment {
  int first_row = 0, n_rows = 0;
  std::array<std::byte* const*, kKvGroups> pages{};  // page tables that cover the rows' positions and windows
  std::span<const ops::BidirectionalRun> runs;
};

// Consecutive rows whose embeddings an encoder of pictures or sound has made: [n, n_embd], unscaled. Their tokens count
// as padding.
struct MediaRows {
  int first_row = 0;
  ops::ConstMat embeddings;
};

// The rows that a layer runs for: all of a step's, or after the last layer with its own K and V only the wanted ones.
struct Rows {
  std::span<const int32_t> tokens;        // each below n_vocab
  std::span<const int> positions;         // ascending within a segment
  std::span<const Segment> segments;      // cover all rows, in order
  std::span<const MediaRows> media = {};  // in order
  int n() const noexcept { return static_cast<int>(positions.size()); }
};

struct Step {
  Rows rows;
  std::span<const int> wanted;                // rows whose final state is asked for, ascending
  const std::atomic<bool>* cancel = nullptr;  // looked at between layers
};

}  // namespace facet::model
