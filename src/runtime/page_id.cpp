#include "runtime/page_id.h"

#include <algorithm>
#include <type_traits>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "model/config.h"
#include "model/kv_layout.h"
#include "model/weights.h"
#include "runtime/tuning.h"

namespace facet::runtime {
namespace {

// Of what is computed and of how pages are laid out: pages that are kept on disk are of one version. To be raised with
// every change of either.
constexpr int kPageVersion = 1;

ContentKey digest(const XXH3_state_t& state) {
  const XXH128_hash_t hash = XXH3_128bits_digest(&state);
  return {hash.high64, hash.low64};
}

// Reading the matrices whole would take as long as using them, so a little of each stands for it.
class ModelHash {
 public:
  ModelHash() { XXH3_128bits_reset(&state_); }

  template <class... T>
  void values(const T&... v) {
    static_assert((std::is_arithmetic_v<T> && ...));
    (XXH3_128bits_update(&state_, &v, sizeof v), ...);
  }
  void floats(std::span<const float> v) { XXH3_128bits_update(&state_, v.data(), v.size_bytes()); }
  void bytes(std::span<const std::byte> v) {
    constexpr size_t kSample = 64;
    const size_t sample = std::min(kSample, v.size());
    values(v.size());
    for (const size_t at : {size_t{0}, (v.size() - sample) / 2, v.size() - sample})
      XXH3_128bits_update(&state_, v.data() + at, sample);
  }
  ContentKey key() const { return digest(state_); }

 private:
  XXH3_state_t state_;
};

void add_config(ModelHash& hash, const model::Config& c) {
  hash.values(c.n_layers, c.n_embd, c.n_heads, c.n_vocab, c.pad_token, c.window, c.norm_eps, c.norm_offset,
              c.embed_scale, c.attn_scale, c.logit_softcap, c.value_norm, c.bidirectional_media, c.n_ple, c.n_experts,
              c.n_experts_used, c.n_expert_ff, c.n_kv_layers);
  for (const model::RopeConfig* r : {&c.local_rope, &c.global_rope})
    hash.values(r->base, r->factor, r->n_pairs, r->has_divisors);
  for (const model::LayerConfig& l : c.layers) hash.values(l.is_local, l.head_dim, l.n_kv_heads, l.n_ff, l.kv_source);
}

void add_weights(ModelHash& hash, const model::Weights& w) {
  for (const auto* v : {&w.output_norm, &w.per_layer_proj_norm, &w.local_freqs, &w.global_freqs}) hash.floats(*v);
  for (const model::LayerWeights& l : w.layers) {
    for (const auto* v :
         {&l.attn_norm, &l.attn_q_norm, &l.attn_k_norm, &l.post_attention_norm, &l.ffn_norm, &l.post_ffw_norm,
          &l.ffn_gate_inp_scale, &l.ffn_down_exps_scale, &l.ffn_gate_exps_scale, &l.ffn_up_exps_scale,
          &l.pre_ffw_norm_2, &l.post_ffw_norm_1, &l.post_ffw_norm_2, &l.post_norm})
      hash.floats(*v);
    hash.values(l.layer_output_scale);
  }
  hash.bytes({w.per_layer_token_embd.data, w.per_layer_token_embd.n_bytes()});
  for (const auto matrix : model::in_order_of_use(w)) hash.bytes(matrix);
  for (const model::TensorFacts& t : w.source->all()) {
    XXH64_hash_t type = XXH3_64bits(t.type_name.data(), t.type_name.size());
    hash.values(type, t.n_bytes);
  }
}

}  // namespace

PageId model_fingerprint(const Engine& engine) {
  const EngineOptions& o = engine.options();
  ModelHash hash;
  hash.values(kPageVersion, engine.kv_layout().page_tokens, static_cast<int>(o.backend),
              static_cast<int>(o.activations), static_cast<int>(o.kv));
  const std::string_view kernels = o.backend == Backend::Cpu ? kernels_of(o).name : "";
  hash.bytes(std::as_bytes(std::span(kernels)));
  add_config(hash, engine.config());
  add_weights(hash, engine.weights());
  return hash.key();
}

std::vector<PositionContent> position_contents(const PromptView& prompt) {
  constexpr PositionContent kMedium = PositionContent{1} << 63;
  std::vector<PositionContent> out(prompt.tokens.begin(), prompt.tokens.end());
  for (const MediaSpan& span : prompt.media) {
    const Embedding& e = *span.embedding;
    for (int row = 0; row < e.n_rows && span.position + row < static_cast<int>(out.size()); ++row) {
      const uint64_t what[] = {e.key.high, e.key.low, static_cast<uint64_t>(e.n_rows),
                               static_cast<uint64_t>(row) << 1 | static_cast<uint64_t>(e.is_bidirectional)};
      out[static_cast<size_t>(span.position + row)] = XXH3_64bits(what, sizeof what) | kMedium;
    }
  }
  return out;
}

PageId page_id(const PageId& previous, std::span<const PositionContent> page) {
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  XXH3_128bits_update(&state, &previous, sizeof previous);
  XXH3_128bits_update(&state, page.data(), page.size_bytes());
  return digest(state);
}

}  // namespace facet::runtime
