// config.json of a Hugging Face folder -> Config, in the spellings of published checkpoints and of re-saved ones.
#include <algorithm>
#include <cmath>

#include "model/config_check.h"
#include "model/json_fields.h"

namespace facet::model {
namespace {

// "layer_types", or a period whose last layer is global.
std::vector<bool> local_layers(const Fields& f, int n_layers, int default_period) {
  std::vector<bool> local;
  if (const Json* types = f.find("layer_types")) {
    if (!types->is_array() || types->size() != static_cast<size_t>(n_layers))
      f.wrong("layer_types", "one name for each layer");
    for (const Json& type : *types) {
      if (type == "sliding_attention")
        local.push_back(true);
      else if (type == "full_attention")
        local.push_back(false);
      else
        f.wrong("layer_types", "made of \"sliding_attention\" and \"full_attention\"");
    }
    return local;
  }
  const int period = f.integer("sliding_window_pattern", f.integer("_sliding_window_pattern", default_period));
  if (period < 1) f.wrong("sliding_window_pattern", "a period of 1 or more");
  for (int i = 0; i < n_layers; ++i) local.push_back((i + 1) % period != 0);
  return local;
}

int rotated_pairs(int head_dim, double share) { return static_cast<int>(head_dim * share / 2); }

RopeConfig read_rope(const Fields& parameters, int head_dim, double default_base) {
  const std::string type = parameters.text("rope_type", parameters.text("type", "default").c_str());
  RopeConfig rope{parameters.number("rope_theta", default_base), 1, head_dim / 2};
  if (type == "linear") {
    rope.factor = parameters.number("factor");
  } else if (type == "proportional") {
    const double share = parameters.number("partial_rotary_factor", 1.0);
    if (!(share > 0 && share <= 1)) parameters.wrong("partial_rotary_factor", "above 0 and at most 1");
    rope.n_pairs = rotated_pairs(head_dim, share);
    rope.factor = parameters.number("factor", 1.0);
  } else if (type != "default") {
    throw_error<FormatError>(
        "{}: the rotary embedding has type \"{}\", expected \"default\", \"linear\" or \"proportional\"",
        parameters.source(), type);
  }
  return rope;
}

// rope_parameters, with an entry for each kind of layer.
void read_ropes(Config& c, const Fields& f, int head_local, int head_global) {
  static const Json empty = Json::object();
  const std::string where = f.source() + ": rope_parameters";
  const Fields both(f.object("rope_parameters", empty), where);
  c.local_rope = read_rope(Fields(both.object("sliding_attention", empty), where), head_local, 10000);
  c.global_rope = read_rope(Fields(both.object("full_attention", empty), where), head_global, 1e6);
}

// The spelling of Gemma 3's first checkpoints.
void read_old_ropes(Config& c, const Fields& f, int head) {
  static const Json empty = Json::object();
  c.local_rope = {f.number("rope_local_base_freq", 10000), 1, head / 2};
  const double base = f.number("rope_theta", 1e6);
  c.global_rope = read_rope(Fields(f.object("rope_scaling", empty), f.source() + ": rope_scaling"), head, base);
  c.global_rope.base = base;
}

void read_common(Config& c, const Fields& f) {
  const int n_layers = f.integer("num_hidden_layers");
  check_layer_count(n_layers, f.source());
  c.n_layers = n_layers;
  c.layers.resize(static_cast<size_t>(n_layers));
  c.n_embd = f.integer("hidden_size");
  c.embed_scale = std::sqrt(static_cast<float>(c.n_embd));
  c.n_heads = f.integer("num_attention_heads", 8);
  c.context_length = f.integer("max_position_embeddings", 131072);
  c.norm_eps = static_cast<float>(f.number("rms_norm_eps", 1e-6));
  const std::string activation = f.text("hidden_activation", f.text("hidden_act", "gelu_pytorch_tanh").c_str());
  if (activation != "gelu_pytorch_tanh") f.wrong("hidden_activation", "\"gelu_pytorch_tanh\"");
  if (f.boolean("attention_bias", false)) f.wrong("attention_bias", "false");
}

// Re-saved checkpoints say for single layers what differs; the keys are layer numbers, some with zeros before them.
void read_per_layer(Config& c, const Fields& f) {
  static const Json empty = Json::object();
  for (const auto& [key, value] : f.object("per_layer_config", empty).items()) {
    if (key.empty() || key.size() > 6 || key.find_first_not_of("0123456789") != std::string::npos ||
        std::stoi(key) >= c.n_layers || !value.is_object())
      f.wrong("per_layer_config", "made of objects under layer numbers");
    const Fields own(value, f.source() + ": per_layer_config");
    LayerConfig& l = c.layers[static_cast<size_t>(std::stoi(key))];
    l.head_dim = own.integer("head_dim", l.head_dim);
    l.n_kv_heads = own.integer("num_key_value_heads", l.n_kv_heads);
    l.n_ff = own.integer("intermediate_size", l.n_ff);
  }
}

// What the published spelling says of layers of one kind, and the shared tail's width.
void read_layers(Config& c, const Fields& f, int n_shared) {
  const auto local = local_layers(f, c.n_layers, 6);
  const bool re_saved = f.find("per_layer_config") != nullptr;
  const int head_local = f.integer("head_dim", 256);
  const int head_global = f.integer("global_head_dim", re_saved ? head_local : 512);
  const int kv_local = f.integer("num_key_value_heads", 4);
  const int kv_global =
      f.boolean("attention_k_eq_v", false) ? f.integer("num_global_key_value_heads", kv_local) : kv_local;
  const int n_ff = f.integer("intermediate_size");
  if (n_ff > kMaxFeedForward) f.wrong("intermediate_size", "at most 1048576");
  const bool double_wide = f.boolean("use_double_wide_mlp", false);
  for (int i = 0; i < c.n_layers; ++i) {
    LayerConfig& l = c.layers[static_cast<size_t>(i)];
    l.is_local = local[static_cast<size_t>(i)] && i != c.n_layers - 1;  // the last layer is global whatever is written
    l.head_dim = l.is_local ? head_local : head_global;
    l.n_kv_heads = l.is_local ? kv_local : kv_global;
    l.n_ff = double_wide && i >= c.n_layers - n_shared ? 2 * n_ff : n_ff;
  }
  read_per_layer(c, f);
}

// default_n_ple: the unified models have no per-layer embeddings, nor a key that says so.
void read_gemma4(Config& c, const Fields& f, int default_n_ple) {
  const int n_shared = f.integer("num_kv_shared_layers", 0);
  read_layers(c, f, n_shared);
  c.n_vocab = f.integer("vocab_size", 262144);
  c.pad_token = f.integer("pad_token_id", 0);
  c.window = f.integer("sliding_window", 512);
  c.value_norm = true;
  c.attn_scale = 1;
  c.logit_softcap = static_cast<float>(f.number("final_logit_softcapping", 0));
  c.n_ple = f.integer("hidden_size_per_layer_input", default_n_ple);
  if (f.boolean("enable_moe_block", false)) {
    c.n_experts = f.integer("num_experts");
    c.n_experts_used = f.integer("top_k_experts");
    c.n_expert_ff = f.integer("moe_intermediate_size");
  }
  const std::string bidirectional = f.text("use_bidirectional_attention", "none");
  if (bidirectional != "none" && bidirectional != "vision")
    f.wrong("use_bidirectional_attention", "null or \"vision\"");
  c.bidirectional_media = bidirectional == "vision";
  const int head_global = c.layers.back().head_dim;
  const auto local = std::find_if(c.layers.begin(), c.layers.end(), [](const LayerConfig& l) { return l.is_local; });
  read_ropes(c, f, local == c.layers.end() ? head_global : local->head_dim, head_global);
  if (f.find("rope_parameters") == nullptr) c.global_rope.n_pairs = rotated_pairs(head_global, 0.25);
  assign_kv_sources(c, n_shared, f.source());
}

void read_gemma3(Config& c, const Fields& f) {
  const auto local = local_layers(f, c.n_layers, 6);
  const int head = f.integer("head_dim", 256);
  for (size_t i = 0; i < c.layers.size(); ++i)
    c.layers[i] = {local[i], head, f.integer("num_key_value_heads", 4), f.integer("intermediate_size"), 0};
  if (f.find("attn_logit_softcapping") != nullptr) f.wrong("attn_logit_softcapping", "absent: Gemma 3 has none");
  if (f.boolean("use_bidirectional_attention", false)) f.wrong("use_bidirectional_attention", "false");
  c.n_vocab = f.integer("vocab_size", 262208);
  c.window = f.integer("sliding_window", 4096);
  c.norm_offset = 1;
  c.attn_scale = static_cast<float>(1 / std::sqrt(f.number("query_pre_attn_scalar", 256)));
  c.logit_softcap = static_cast<float>(f.number("final_logit_softcapping", 0));
  if (f.find("rope_parameters") != nullptr)
    read_ropes(c, f, head, head);
  else
    read_old_ropes(c, f, head);
  assign_kv_sources(c, 0, f.source());
}

// The text model's type, or why there is none to run.
std::string model_type(const Fields& top, const Fields& text) {
  const std::string outer = top.text("model_type", ""), type = text.text("model_type", outer.c_str());
  if (outer.find("assistant") != std::string::npos)
    throw_error<FormatError>(
        "{}: model type \"{}\" is a drafter, which goes beside a model: give the model's own folder", top.source(),
        outer);
  if (top.find("quantization_config") != nullptr) {
    static const Json empty = Json::object();
    const Fields quantization(top.object("quantization_config", empty), top.source() + ": quantization_config");
    throw_error<FormatError>(
        "{}: the checkpoint is quantised ({}); facet reads checkpoints in bf16, f16 or f32, and quantised models as "
        "GGUF",
        top.source(), quantization.text("quant_method", "by a method it does not name"));
  }
  return type;
}

}  // namespace

Config parse_config(const std::string& json, const std::string& source) {
  const Json root = parse_object(json, source);
  const bool nested = root.contains("text_config");
  const Fields top(root, source);
  static const Json empty = Json::object();
  const Json& text = nested ? top.object("text_config", empty) : root;
  const Fields f(text, nested ? source + ": text_config" : source);

  Config c;
  c.architecture = model_type(top, f);
  const bool unified = c.architecture == "gemma4_unified_text";
  const bool gemma4 = unified || c.architecture == "gemma4_text" || c.architecture == "gemma4";
  const bool gemma3 = c.architecture == "gemma3_text" || c.architecture == "gemma3";
  if (!gemma4 && !gemma3)
    throw_error<FormatError>("{}: model type \"{}\" is not supported: facet runs gemma4 and gemma3", source,
                             c.architecture);
  read_common(c, f);
  if (gemma4)
    read_gemma4(c, f, unified ? 0 : 256);
  else
    read_gemma3(c, f);
  check_config(c, source);
  return c;
}

Config read_config(const std::string& folder) {
  const std::string path = folder + "/config.json";
  Config c = parse_config(read_small_file(path), path);
  const std::string trimmed = folder.substr(0, folder.find_last_not_of('/') + 1);
  c.name = trimmed.substr(trimmed.find_last_of('/') + 1);
  return c;
}

}  // namespace facet::model
