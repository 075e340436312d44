// The forward pass of the Gemma family: tokens and positions in, final hidden states out; one function for one row or a
// thousand. The mathematics, step by step, with every shape: docs/model.md.
#pragma once

#include "model/kv_layout.h"
#include "model/scratch.h"
#include "model/step.h"
#include "model/weights.h"
#include "ops/ops.h"

namespace facet::model {

// What steps of up to max_rows rows ask of a backend at most.
ops::StepLimits step_limits(const Config& config, int max_rows) noexcept;

// Runs a step: writes K and V of its rows to the caches and returns the wanted rows' states after the final norm,
// [wanted, n_embd], valid until the next call. Layers that own no K and V run for the wanted rows only. Throws
// CancelledError; the caches then hold nothing reliable from the step's first positions on.
ops::ConstMat forward(ops::Ops& op, const Config& config, const Weights& weights, const KvLayout& layout,
                      const Step& step, Scratch& scratch);

// logits = softcap(output . hidden): [rows, n_vocab] from [rows, n_embd].
void head(ops::Ops& op, const Config& config, const Weights& weights, ops::Mat logits, ops::ConstMat hidden);

}  // namespace facet::model
