#include "model/work.h"

#include <algorithm>

namespace facet::model {
namespace {

int64_t elements(const Weight& w) { return int64_t{w.n_in} * w.n_out; }

int64_t layer_elements(const Config& c, const LayerWeights& l) {
  int64_t n = int64_t{c.n_ple} * c.n_embd;  // its share of per_layer_model_proj
  for_each_matrix(l, [&](const Weight& w) { n += elements(w); });
  for_each_stack(l, [&](const ExpertWeight& w) { n += elements(w.first) * c.n_experts_used; });
  return n;
}

}  // namespace

double product_flops(const Config& config, const Weights& weights, int64_t n_rows, int64_t n_wanted) {
  double n = static_cast<double>(elements(weights.output) * n_wanted);
  for (int i = 0; i < config.n_layers; ++i)
    n += static_cast<double>(layer_elements(config, weights.layers[static_cast<size_t>(i)]) *
                             (config.owns_kv(i) ? n_rows : n_wanted));
  return 2 * n;
}

int64_t kv_bytes_read(const Config& config, const KvLayout& layout, int64_t position) {
  int64_t n = 0;
  for (int i = 0; i < config.n_layers; ++i) {
    const auto& slot = layout.slots[static_cast<size_t>(i)];
    const bool local = config.layers[static_cast<size_t>(i)].is_local;
    const int64_t seen = local ? std::min<int64_t>(position + 1, config.window) : position + 1;
    n += 2 * seen * slot.n_heads * static_cast<int64_t>(quant::kv_row_bytes(layout.type, slot.head_dim));
  }
  return n;
}

}  // namespace facet::model
