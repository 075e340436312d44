// How much work a step is, counted from the weights that are bound: what a measured rate is compared with. Attention's
// own arithmetic and the elementwise operations are not counted.
#pragma once

#include <cstdint>

#include "model/kv_layout.h"
#include "model/weights.h"

namespace facet::model {

// Multiplications and additions of the matrix products for n_rows tokens whose last n_wanted are asked for: layers that
// own no K and V, and the output head, run for those alone.
double product_flops(const Config& config, const Weights& weights, int64_t n_rows, int64_t n_wanted);

// Bytes of keys and values that attention reads for the token at `position`: all before it and itself on global layers,
// a window on local ones. Layers that share another's read them again.
int64_t kv_bytes_read(const Config& config, const KvLayout& layout, int64_t position);

}  // namespace facet::model
