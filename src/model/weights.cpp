#include "model/weights.h"

#include <cmath>

#include "base/error.h"
#include "model/binder.h"

namespace facet::model {
namespace {

uint64_t u(int n) { return static_cast<uint64_t>(n); }

class ModelBinder : public Binder {
 public:
  ModelBinder(const Config& config, const TensorSource& source) : Binder(source), c_(config) {}

  // NVFP4 files keep one more factor per tensor.
  Weight scaled_matrix(const std::string& name, int n_out, int n_in, Need need = Need::Required) const {
    Weight w = matrix(name, n_out, n_in, need);
    if (w.empty()) return w;
    if (const Norm scale = vector(name + ".scale", 1, Need::Optional); !scale.empty()) w.scale = scale[0];
    return w;
  }

  ExpertWeight stack(const std::string& name, int n_out, int n_in, Need need = Need::Required) const {
    const auto t = take(name + ".weight", {u(c_.n_experts), u(n_out), u(n_in)}, need);
    if (!t) return {};
    return {{t->data.data(), t->type, n_in, n_out, 1}, c_.n_experts, {}};
  }

  Norm divisors(const RopeConfig& rope) const {
    if (!rope.has_divisors) return {};
    Norm v = vector("rope_freqs.weight", rope.n_pairs);
    for (const float x : v)
      if (!(x > 0))
        throw_error<FormatError>("{}: tensor rope_freqs.weight holds {}, expected numbers above 0", source().path(), x);
    return v;
  }

  Norm norm(const std::string& name, int n) const {
    Norm v = vector(name + ".weight", n);
    for (float& x : v) x += c_.norm_offset;
    return v;
  }

 private:
  const Config& c_;
};

void bind_attention(LayerWeights& w, const ModelBinder& b, const std::string& blk, const Config& c,
                    const LayerConfig& l, bool owns_kv) {
  const int n_q = c.n_heads * l.head_dim, n_kv = l.n_kv_heads * l.head_dim;
  w.attn_norm = b.norm(blk + "attn_norm", c.n_embd);
  w.attn_q = b.scaled_matrix(blk + "attn_q", n_q, c.n_embd);
  w.attn_q_norm = b.norm(blk + "attn_q_norm", l.head_dim);
  w.attn_output = b.scaled_matrix(blk + "attn_output", c.n_embd, n_q);
  w.post_attention_norm = b.norm(blk + "post_attention_norm", c.n_embd);
  if (!owns_kv) return;
  w.attn_k = b.scaled_matrix(blk + "attn_k", n_kv, c.n_embd);
  w.attn_k_norm = b.norm(blk + "attn_k_norm", l.head_dim);
  w.attn_v =
      b.scaled_matrix(blk + "attn_v", n_kv, c.n_embd, c.value_norm && !l.is_local ? Need::Optional : Need::Required);
}

void bind_experts(LayerWeights& w, const ModelBinder& b, const std::string& blk, const Config& c) {
  w.ffn_gate_inp = b.matrix(blk + "ffn_gate_inp", c.n_experts, c.n_embd);
  w.ffn_gate_inp_scale = b.vector(blk + "ffn_gate_inp.scale", c.n_embd);
  for (float& x : w.ffn_gate_inp_scale) x /= std::sqrt(static_cast<float>(c.n_embd));
  w.ffn_down_exps_scale = b.vector(blk + "ffn_down_exps.scale", c.n_experts);
  w.pre_ffw_norm_2 = b.norm(blk + "pre_ffw_norm_2", c.n_embd);
  w.post_ffw_norm_1 = b.norm(blk + "post_ffw_norm_1", c.n_embd);
  w.post_ffw_norm_2 = b.norm(blk + "post_ffw_norm_2", c.n_embd);
  w.ffn_gate_exps = b.stack(blk + "ffn_gate_up_exps", 2 * c.n_expert_ff, c.n_embd, Need::Optional);
  if (w.ffn_gate_exps.empty()) {
    w.ffn_gate_exps = b.stack(blk + "ffn_gate_exps", c.n_expert_ff, c.n_embd);
    w.ffn_up_exps = b.stack(blk + "ffn_up_exps", c.n_expert_ff, c.n_embd);
    w.ffn_gate_exps_scale = b.vector(blk + "ffn_gate_exps.scale", c.n_experts, Need::Optional);
    w.ffn_up_exps_scale = b.vector(blk + "ffn_up_exps.scale", c.n_experts, Need::Optional);
    w.ffn_gate_exps.scales = w.ffn_gate_exps_scale;
    w.ffn_up_exps.scales = w.ffn_up_exps_scale;
  }
  w.ffn_down_exps = b.stack(blk + "ffn_down_exps", c.n_embd, c.n_expert_ff);
}

LayerWeights bind_layer(const Config& c, const ModelBinder& b, int i) {
  const LayerConfig& l = c.layers[static_cast<size_t>(i)];
  const std::string blk = fmt::format("blk.{}.", i);
  LayerWeights w;
  bind_attention(w, b, blk, c, l, c.owns_kv(i));
  w.ffn_norm = b.norm(blk + "ffn_norm", c.n_embd);
  w.ffn_gate = b.scaled_matrix(blk + "ffn_gate", l.n_ff, c.n_embd);
  w.ffn_up = b.scaled_matrix(blk + "ffn_up", l.n_ff, c.n_embd);
  w.ffn_down = b.scaled_matrix(blk + "ffn_down", c.n_embd, l.n_ff);
  w.post_ffw_norm = b.norm(blk + "post_ffw_norm", c.n_embd);
  if (c.n_experts > 0) bind_experts(w, b, blk, c);
  if (c.n_ple > 0) {
    w.inp_gate = b.scaled_matrix(blk + "inp_gate", c.n_ple, c.n_embd);
    w.proj = b.scaled_matrix(blk + "proj", c.n_embd, c.n_ple);
    w.post_norm = b.norm(blk + "post_norm", c.n_embd);
  }
  if (const Norm scale = b.vector(blk + "layer_output_scale.weight", 1, Need::Optional); !scale.empty())
    w.layer_output_scale = scale[0];
  return w;
}

// base^(-2i/head_dim) / factor / divisor in f32, as the official implementation computes them; pairs whose divisor is
// astronomically large (1e30 in files) do not rotate, and they are the last ones.
std::vector<float> rope_freqs(const RopeConfig& rope, int head_dim, const std::vector<float>& divisors) {
  std::vector<float> freqs;
  for (int i = 0; i < rope.n_pairs; ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(head_dim);
    float f = 1.0f / static_cast<float>(std::pow(static_cast<float>(rope.base), exponent));
    f = static_cast<float>(f / rope.factor);
    if (!divisors.empty()) f /= divisors[static_cast<size_t>(i)];
    freqs.push_back(f);
  }
  while (!freqs.empty() && !divisors.empty() && divisors[freqs.size() - 1] > 1e20f) freqs.pop_back();
  return freqs;
}

int head_dim_of_kind(const Config& c, bool local) {
  for (const LayerConfig& l : c.layers)
    if (l.is_local == local) return l.head_dim;
  return 0;
}

// K and V tensors of layers that read another layer's are left over by design; anything else is worth a line.
bool is_expected_leftover(const Config& c, const std::string& name) {
  const size_t digits = name.find_first_of("0123456789");
  if (digits == std::string::npos) return false;
  const int layer = std::atoi(name.c_str() + digits);
  const bool kv = name.find("attn_k") != std::string::npos || name.find("attn_v") != std::string::npos ||
                  name.find("self_attn.k_") != std::string::npos || name.find("self_attn.v_") != std::string::npos;
  return (kv && !c.owns_kv(layer)) || name.ends_with(".input_scale");
}

}  // namespace

Weights bind_weights(const Config& c, std::unique_ptr<TensorSource> source) {
  Weights w;
  const ModelBinder b(c, *source);
  w.token_embd = b.scaled_matrix("token_embd", c.n_vocab, c.n_embd);
  w.output = b.scaled_matrix("output", c.n_vocab, c.n_embd, Need::Optional);
  if (w.output.empty()) w.output = w.token_embd;
  w.output_norm = b.norm("output_norm", c.n_embd);
  if (c.n_ple > 0) {
    const int n = c.n_layers * c.n_ple;
    w.per_layer_token_embd = b.scaled_matrix("per_layer_token_embd", c.n_vocab, n);
    w.per_layer_model_proj = b.scaled_matrix("per_layer_model_proj", n, c.n_embd);
    w.per_layer_proj_norm = b.norm("per_layer_proj_norm", c.n_ple);
  }
  const int head_local = head_dim_of_kind(c, true), head_global = head_dim_of_kind(c, false);
  if (head_local > 0) w.local_freqs = rope_freqs(c.local_rope, head_local, {});
  if (head_global > 0) w.global_freqs = rope_freqs(c.global_rope, head_global, b.divisors(c.global_rope));
  for (int i = 0; i < c.n_layers; ++i) w.layers.push_back(bind_layer(c, b, i));
  for (std::string& name : source->unclaimed()) {
    if (is_expected_leftover(c, name)) continue;
    // Other leftovers may be harmless; a factor or an addend that is left out certainly changes what the model says.
    if (name.ends_with(".scale") || name.ends_with(".bias"))
      throw_error<FormatError>("{}: tensor {} belongs to the text model, but this architecture has no such part",
                               source->path(), name);
    w.ignored.push_back(std::move(name));
  }
  w.source = std::move(source);
  return w;
}

WeightBytes count_bytes(const Config& c, const Weights& w) {
  WeightBytes n;
  const auto add = [&n](const Weight& m) { n.per_token += static_cast<int64_t>(m.n_bytes()); };
  const auto add_stack = [&](const ExpertWeight& s) {
    n.per_token += static_cast<int64_t>(s.first.n_bytes()) * c.n_experts_used;
    n.resident += static_cast<int64_t>(s.first.n_bytes()) * (c.n_experts - c.n_experts_used);
  };
  for (const LayerWeights& l : w.layers) {
    for_each_matrix(l, add);
    for_each_stack(l, add_stack);
  }
  if (c.n_ple > 0) add(w.per_layer_model_proj);
  add(w.output);
  n.resident += n.per_token;
  if (w.output.data != w.token_embd.data) n.resident += static_cast<int64_t>(w.token_embd.n_bytes());
  n.per_token += static_cast<int64_t>(w.token_embd.row_bytes());
  if (c.n_ple > 0) {
    n.per_token += static_cast<int64_t>(w.per_layer_token_embd.row_bytes());
    n.per_layer_table = static_cast<int64_t>(w.per_layer_token_embd.n_bytes());
  }
  return n;
}

std::vector<std::span<const std::byte>> in_order_of_use(const Weights& w) {
  std::vector<std::span<const std::byte>> out;
  const auto add = [&out](const Weight& m) {
    if (!m.empty()) out.emplace_back(m.data, m.n_bytes());
  };
  add(w.per_layer_model_proj);
  for (const LayerWeights& l : w.layers) for_each_matrix(l, add);
  add(w.output);
  for (const LayerWeights& l : w.layers)
    for_each_stack(l, [&out](const ExpertWeight& s) {
      out.emplace_back(s.first.data, s.first.n_bytes() * static_cast<size_t>(s.n_experts));
    });
  return out;
}

}  // namespace facet::model
