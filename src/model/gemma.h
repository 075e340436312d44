// The forward pass of the Gemma family: tokens and positions in, final hidden states out; one function for one row or a
// thousand. The mathematics, step by step, with every shape: docs/model.md.
#pragma once

#include <array>
#include <atomic>
#include <span>

#include "model/kv_layout.h"
#include "model/scratch.h"
#include "model/weights.h"
#include "ops/ops.h"

namespace facet::model {

// Consecutive rows of a step that belong to one session.
struct Segment {
  int first_row = 0, n_rows = 0;
  std::array<std::byte* const*, kKvGroups> pages{};  // page tables that cover the rows' positions and windows
  std::span<const ops::BidirectionalRun> runs;
};

// Rows of one or more sessions that are computed together.
struct Step {
  std::span<const int32_t> tokens;            // [n_rows], each below n_vocab
  std::span<const int> positions;             // [n_rows], ascending within a segment
  std::span<const Segment> segments;          // cover all rows, in order
  std::span<const int> wanted;                // rows whose final state is asked for, ascending
  const std::atomic<bool>* cancel = nullptr;  // looked at between layers
};

// Runs a step: writes K and V of its rows to the caches and returns the wanted rows' states after the final norm,
// [wanted, n_embd], valid until the next call. Layers that own no K and V run for the wanted rows only. Throws
// CancelledError; the caches then hold nothing reliable from the step's first positions on.
ops::ConstMat forward(ops::Ops& op, const Config& config, const Weights& weights, const KvLayout& layout,
                      const Step& step, Scratch& scratch);

// logits = softcap(output . hidden): [rows, n_vocab] from [rows, n_embd].
void head(ops::Ops& op, const Config& config, const Weights& weights, ops::Mat logits, ops::ConstMat hidden);

}  // namespace facet::model
