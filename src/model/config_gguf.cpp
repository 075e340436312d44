// GGUF keys -> Config. Keys and defaults: docs/formats.md.
#include <algorithm>
#include <cmath>

#include "model/config_check.h"
#include "model/gguf_keys.h"

namespace facet::model {
namespace {

void read_sizes(Config& c, const gguf::File& file, const GgufKeys& keys) {
  const int64_t n_layers = keys.integer("block_count");
  check_layer_count(n_layers, file.path());
  c.n_layers = static_cast<int>(n_layers);
  c.layers.resize(static_cast<size_t>(n_layers));
  c.n_embd = static_cast<int>(keys.integer("embedding_length"));
  c.context_length = static_cast<int>(keys.integer("context_length"));
  const auto heads = keys.per_layer("attention.head_count", c.n_layers);
  c.n_heads = heads[0];
  for (const int n : heads)
    if (n != c.n_heads)
      throw_error<FormatError>("{}: layers have {} and {} heads, expected one number for all", file.path(), c.n_heads,
                               n);
  c.embed_scale = std::sqrt(static_cast<float>(c.n_embd));
  c.norm_eps = static_cast<float>(keys.number("attention.layer_norm_rms_epsilon", 1e-6));
  const gguf::Tensor* embd = file.find_tensor("token_embd.weight");
  if (embd == nullptr) throw_error<FormatError>("{}: tensor token_embd.weight is missing", file.path());
  if (embd->ne[1] > (uint64_t{1} << 24))
    throw_error<FormatError>("{}: token_embd.weight has {} rows", file.path(), embd->ne[1]);
  c.n_vocab = static_cast<int>(embd->ne[1]);
  c.pad_token =
      static_cast<int>(std::min<uint64_t>(file.get_uint("tokenizer.ggml.padding_token_id").value_or(0), INT32_MAX));
  const auto ff = keys.per_layer("feed_forward_length", c.n_layers);
  const auto kv_heads = keys.per_layer("attention.head_count_kv", c.n_layers, c.n_heads);
  for (size_t i = 0; i < c.layers.size(); ++i) {
    c.layers[i].n_ff = ff[i];
    c.layers[i].n_kv_heads = kv_heads[i];
  }
}

// K and V of a layer have one length; a file that says otherwise is for another model.
int head_length(const GgufKeys& keys, const std::string& path, const std::string& suffix, int64_t fallback) {
  const int64_t k = keys.integer("attention.key_length" + suffix, fallback);
  const int64_t v = keys.integer("attention.value_length" + suffix, k);
  if (k != v) throw_error<FormatError>("{}: key length {} and value length {} differ", path, k, v);
  return static_cast<int>(k);
}

// Which part of a head turns is said elsewhere; a file that says it here is for another model.
void check_rotated(const GgufKeys& keys, const std::string& path, const std::string& suffix, int head) {
  const int64_t n = keys.integer("rope.dimension_count" + suffix, head);
  if (n != head)
    throw_error<FormatError>("{}: rope.dimension_count{} is {}, expected the head size {}", path, suffix, n, head);
}

void read_gemma4(Config& c, const gguf::File& file, const GgufKeys& keys) {
  const int head_global = head_length(keys, file.path(), "", c.n_embd / std::max(1, c.n_heads));
  const int head_local = head_length(keys, file.path(), "_swa", head_global);
  if (!keys.is_array("attention.sliding_window_pattern"))
    throw_error<FormatError>("{}: gemma4.attention.sliding_window_pattern must say for each layer whether it is local",
                             file.path());
  const auto pattern = keys.per_layer("attention.sliding_window_pattern", c.n_layers);
  for (size_t i = 0; i < c.layers.size(); ++i) {
    c.layers[i].is_local = pattern[i] != 0;
    c.layers[i].head_dim = c.layers[i].is_local ? head_local : head_global;
  }
  c.window = static_cast<int>(keys.integer("attention.sliding_window"));
  c.value_norm = true;
  c.attn_scale = 1;
  c.logit_softcap = static_cast<float>(keys.number("final_logit_softcapping", 30));
  c.n_ple = static_cast<int>(keys.integer("embedding_length_per_layer_input", 0));
  c.n_experts = static_cast<int>(keys.integer("expert_count", 0));
  c.n_experts_used = static_cast<int>(keys.integer("expert_used_count", 0));
  c.n_expert_ff = static_cast<int>(keys.integer("expert_feed_forward_length", 0));
  c.bidirectional_media = c.n_ple == 0;
  check_rotated(keys, file.path(), "", head_global);
  check_rotated(keys, file.path(), "_swa", head_local);
  // Which pairs of global layers rotate stands in the tensor rope_freqs: all are counted here, see bind_weights.
  c.global_rope = {keys.number("rope.freq_base", 10000), keys.number("rope.scaling.factor", 1), head_global / 2, true};
  c.local_rope = {keys.number("rope.freq_base_swa", 10000), 1, head_local / 2};
  assign_kv_sources(c, static_cast<int>(keys.integer("attention.shared_kv_layers", 0)), file.path());
}

void read_gemma3(Config& c, const gguf::File& file, const GgufKeys& keys) {
  const int head = head_length(keys, file.path(), "", c.n_embd / std::max(1, c.n_heads));
  c.window = static_cast<int>(keys.integer("attention.sliding_window", 0));
  std::vector<int> local(c.layers.size(), 0);
  if (keys.is_array("attention.sliding_window_pattern")) {
    local = keys.per_layer("attention.sliding_window_pattern", c.n_layers);
  } else if (c.window > 0) {
    const int64_t period = keys.integer("attention.sliding_window_pattern", 6);
    if (period < 1) throw_error<FormatError>("{}: sliding window pattern {} is not a period", file.path(), period);
    for (size_t i = 0; i < local.size(); ++i) local[i] = static_cast<int64_t>(i) % period < period - 1;
  }
  for (size_t i = 0; i < c.layers.size(); ++i) {
    c.layers[i].is_local = local[i] != 0;
    c.layers[i].head_dim = head;
  }
  check_rotated(keys, file.path(), "", head);
  // The 27B scales by the width of a head of the embedding, the others by the head itself; only the layer count tells.
  constexpr int kLayersOf27B = 62;
  const int scale_dim = c.n_layers == kLayersOf27B ? c.n_embd / std::max(1, c.n_heads) : head;
  c.attn_scale = 1 / std::sqrt(static_cast<float>(std::max(1, scale_dim)));
  c.logit_softcap = static_cast<float>(keys.number("final_logit_softcapping", 0));
  // Older conversions leave the linear scaling of the long-context sizes out.
  const bool scaling_known = keys.has("rope.scaling.factor") || keys.has("rope.scaling.type");
  const double factor_default = !scaling_known && c.context_length >= 131072 ? 8 : 1;
  const double global_base = keys.number("rope.global.freq_base", 1e6);
  const double local_base = keys.number("rope.local.freq_base", 10000);
  c.global_rope = {keys.number("rope.freq_base", global_base), keys.number("rope.scaling.factor", factor_default),
                   head / 2};
  c.local_rope = {keys.number("rope.freq_base_swa", local_base), 1, head / 2};
  assign_kv_sources(c, 0, file.path());
}

// What a GGUF with another architecture is good for, if we know.
std::string explain(std::string_view architecture) {
  if (architecture == "clip")
    return "it is a projector (images and sound) that goes beside a model: give the model's own file";
  if (architecture == "gemma4-assistant" || architecture == "gemma4_assistant" || architecture == "gemma4_mtp")
    return "it is a drafter that goes beside a model: give the model's own file";
  return "facet runs gemma4 and gemma3";
}

}  // namespace

Config read_config(const gguf::File& file) {
  Config c;
  const auto type = file.get_string("general.type");
  const auto architecture = file.get_string("general.architecture");
  if (!architecture)
    throw_error<FormatError>("{}: key general.architecture is missing, expected a model; {}", file.path(),
                             type ? fmt::format("the file calls itself \"{}\"", *type) : "it is none");
  c.architecture = *architecture;
  c.name = file.get_string("general.name").value_or("");
  const bool gemma4 = *architecture == "gemma4", gemma3 = *architecture == "gemma3";
  if (!gemma4 && !gemma3)
    throw_error<FormatError>("{}: architecture \"{}\" is not supported: {}", file.path(), *architecture,
                             explain(*architecture));
  if (type && *type != "model")
    throw_error<FormatError>("{}: the file is of the type \"{}\", which goes beside a model: give the model's own file",
                             file.path(), *type);
  const GgufKeys keys(file, c.architecture + ".");
  read_sizes(c, file, keys);
  if (gemma4)
    read_gemma4(c, file, keys);
  else
    read_gemma3(c, file, keys);
  check_config(c, file.path());
  return c;
}

}  // namespace facet::model
