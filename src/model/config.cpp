#include "model/config.h"

#include <algorithm>
#include <cmath>

#include "model/config_check.h"
#include "ops/tensor.h"

namespace facet::model {

int Config::max_head_dim() const noexcept {
  int n = 0;
  for (const LayerConfig& l : layers) n = std::max(n, l.head_dim);
  return n;
}

int Config::max_kv_width() const noexcept {
  int n = 0;
  for (const LayerConfig& l : layers) n = std::max(n, l.n_kv_heads * l.head_dim);
  return n;
}

int Config::max_ff() const noexcept {
  int n = 0;
  for (const LayerConfig& l : layers) n = std::max(n, l.n_ff);
  return n;
}

void assign_kv_sources(Config& config, int n_shared, const std::string& source) {
  const int n = config.n_layers;
  if (n_shared < 0 || n_shared >= n)
    throw_error<FormatError>("{}: {} of {} layers share keys and values; at least one must own them", source, n_shared,
                             n);
  config.n_kv_layers = n - n_shared;
  for (int i = 0; i < n; ++i) {
    LayerConfig& layer = config.layers[static_cast<size_t>(i)];
    layer.kv_source = i;
    if (i < config.n_kv_layers) continue;
    // The last owning layer of the same kind.
    int donor = config.n_kv_layers - 1;
    while (donor >= 0 && config.layers[static_cast<size_t>(donor)].is_local != layer.is_local) --donor;
    if (donor < 0)
      throw_error<FormatError>("{}: layer {} shares keys and values, but no layer of its kind owns any", source, i);
    layer.kv_source = donor;
  }
}

namespace {

void check_range(const std::string& source, const char* what, int64_t value, int64_t low, int64_t high) {
  if (value < low || value > high)
    throw_error<FormatError>("{}: {} is {}, expected {} to {}", source, what, value, low, high);
}

void check_layer(const Config& c, int i, const std::string& source) {
  const LayerConfig& l = c.layers[static_cast<size_t>(i)];
  const std::string where = fmt::format("{}: layer {}", source, i);
  check_range(where, "head size", l.head_dim, 2, 4096);
  if (l.head_dim % 2 != 0) throw_error<FormatError>("{}: head size {} is odd", where, l.head_dim);
  check_range(where, "number of KV heads", l.n_kv_heads, 1, c.n_heads);
  if (c.n_heads % l.n_kv_heads != 0)
    throw_error<FormatError>("{}: {} query heads cannot share {} KV heads evenly", where, c.n_heads, l.n_kv_heads);
  check_range(where, "number of query heads per KV head", c.n_heads / l.n_kv_heads, 1, ops::kMaxQueryGroup);
  check_range(where, "feed-forward length", l.n_ff, 1, kMaxFeedForward);
  const LayerConfig& donor = c.layers[static_cast<size_t>(l.kv_source)];
  if (donor.head_dim != l.head_dim || donor.n_kv_heads != l.n_kv_heads)
    throw_error<FormatError>("{}: its heads differ from those of layer {}, whose keys and values it reads", where,
                             l.kv_source);
  for (int k = 0; k < i; ++k)  // one table of angles serves all layers of a kind
    if (c.layers[static_cast<size_t>(k)].is_local == l.is_local &&
        c.layers[static_cast<size_t>(k)].head_dim != l.head_dim)
      throw_error<FormatError>("{}: head size {} differs from the {} of layer {}, which is of the same kind", where,
                               l.head_dim, c.layers[static_cast<size_t>(k)].head_dim, k);
  const RopeConfig& rope = l.is_local ? c.local_rope : c.global_rope;
  check_range(where, "number of rotated pairs", rope.n_pairs, 1, l.head_dim / 2);
}

}  // namespace

void check_config(const Config& c, const std::string& source) {
  check_range(source, "embedding length", c.n_embd, 1, 1 << 17);
  check_range(source, "number of heads", c.n_heads, 1, 1024);
  check_range(source, "vocabulary size", c.n_vocab, 1, 1 << 24);
  check_range(source, "padding token", c.pad_token, 0, c.n_vocab - 1);
  check_range(source, "context length", c.context_length, 1, 1 << 28);
  check_range(source, "per-layer embedding length", c.n_ple, 0, 1 << 16);
  const bool any_local = std::any_of(c.layers.begin(), c.layers.end(), [](const LayerConfig& l) { return l.is_local; });
  if (any_local) check_range(source, "sliding window", c.window, 1, 1 << 28);
  if (!(c.norm_eps > 0 && c.norm_eps < 1))
    throw_error<FormatError>("{}: norm epsilon {} is not between 0 and 1", source, c.norm_eps);
  if (!(c.logit_softcap >= 0 && std::isfinite(c.logit_softcap)))
    throw_error<FormatError>("{}: logit soft cap {} is not a number of 0 or more", source, c.logit_softcap);
  if (!(c.attn_scale > 0 && std::isfinite(c.attn_scale)))
    throw_error<FormatError>("{}: attention scale {} is not positive", source, c.attn_scale);
  for (const RopeConfig* rope : {&c.local_rope, &c.global_rope})
    if (!(rope->base > 1 && rope->factor > 0 && std::isfinite(rope->base) && std::isfinite(rope->factor)))
      throw_error<FormatError>("{}: rotary base {} with factor {} cannot be", source, rope->base, rope->factor);
  if (c.n_experts == 0) {
    check_range(source, "number of used experts", c.n_experts_used, 0, 0);
  } else {
    check_range(source, "number of experts", c.n_experts, 1, 1024);
    check_range(source, "number of used experts", c.n_experts_used, 1, c.n_experts);
    check_range(source, "expert feed-forward length", c.n_expert_ff, 1, kMaxFeedForward);
  }
  for (int i = 0; i < c.n_layers; ++i) check_layer(c, i, source);
}

void check_layer_count(int64_t n, const std::string& source) { check_range(source, "number of layers", n, 1, 512); }

}  // namespace facet::model
