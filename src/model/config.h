// What a checkpoint says of itself, normalised: every per-layer fact is in `layers`, every default is filled in, and
// all of it has been checked. Variants of the family differ by these numbers and by which tensors exist, never by name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gguf/reader.h"

namespace facet::model {

// Angle of pair i at position p: (p / factor) * base^(-2 i / head_dim), for the first n_pairs pairs; others stay.
struct RopeConfig {
  double base = 10000;
  double factor = 1;
  int n_pairs = 0;
  bool has_divisors = false;  // the tensor rope_freqs divides the angles, and says in that way which pairs stay
};

struct LayerConfig {
  bool is_local = false;  // attends to the last `window` positions only
  int head_dim = 0;
  int n_kv_heads = 0;
  int n_ff = 0;       // of the dense MLP
  int kv_source = 0;  // the layer whose K and V it reads; itself when it owns them
};

struct Config {
  std::string architecture;  // as the file spells it; for people
  std::string name;          // general.name, or the folder's; for people

  int n_layers = 0;
  int n_embd = 0;
  int n_heads = 0;
  int n_vocab = 0;
  int pad_token = 0;       // what stands, for per-layer embeddings, where an encoder's rows do
  int context_length = 0;  // positions the model was trained for
  int window = 0;          // of local layers; counts the query itself

  float norm_eps = 1e-6f;
  float norm_offset = 0;    // added to stored norm weights when they are bound (Gemma 3 checkpoints store w - 1)
  float embed_scale = 1;    // sqrt(n_embd)
  float attn_scale = 1;     // factor on q.k
  float logit_softcap = 0;  // 0: none
  bool value_norm = false;  // V gets a norm without weight
  bool bidirectional_media = false;  // image tokens see each other on local layers

  RopeConfig local_rope, global_rope;

  int n_ple = 0;  // width of a layer's per-layer embedding; 0: none
  int n_experts = 0, n_experts_used = 0, n_expert_ff = 0;

  std::vector<LayerConfig> layers;
  int n_kv_layers = 0;  // layers [0, n_kv_layers) own K and V, the rest read theirs

  bool owns_kv(int layer) const noexcept { return layer < n_kv_layers; }
  int max_head_dim() const noexcept;
  int max_kv_width() const noexcept;  // n_kv_heads * head_dim
  int max_ff() const noexcept;
};

// Reads the keys of a text model's GGUF (gemma4, gemma3). FormatError for another architecture, naming it (a projector
// or drafter file says what it is), a missing key or a value that cannot be.
Config read_config(const gguf::File& file);

// Reads config.json (its text_config when nested) of a Hugging Face folder.
Config read_config(const std::string& folder);
Config parse_config(const std::string& json, const std::string& source);

}  // namespace facet::model
