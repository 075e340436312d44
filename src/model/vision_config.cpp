#include "model/vision_config.h"

#include <cmath>
#include <filesystem>

#include "model/gguf_keys.h"
#include "model/json_fields.h"

namespace facet::model {
namespace {

// Kinds of encoders, as projector files and checkpoints name them.
struct VisionKinds {
  std::string_view tower, without_layers;
};
constexpr VisionKinds kGgufKinds{"gemma4v", "gemma4uv"}, kFolderKinds{"gemma4_vision", "gemma4_unified_vision"};

void check_in(const std::string& source, const char* what, int64_t value, int64_t low, int64_t high) {
  if (value < low || value > high)
    throw_error<FormatError>("{}: the picture encoder's {} is {}, expected {} to {}", source, what, value, low, high);
}

void check_layers(const VisionConfig& c, const std::string& source) {
  check_in(source, "number of heads", c.n_heads, 1, 1024);
  check_in(source, "head size", c.head_dim, 4, 512);
  check_in(source, "feed-forward length", c.n_ff, 1, 1 << 16);
  // Half of a head turns by the column and half by the row, in pairs.
  if (c.head_dim % 4 != 0)
    throw_error<FormatError>("{}: the picture encoder's head size {} is no multiple of 4", source, c.head_dim);
  if (!(c.rope_base > 1 && std::isfinite(c.rope_base)))
    throw_error<FormatError>("{}: the picture encoder's rotary base {} is not above 1", source, c.rope_base);
}

// Sizes beyond these are no encoder's, and their products still fit the types used.
void check_sizes(const VisionConfig& c, const std::string& source) {
  check_in(source, "patch size", c.patch_size, 1, 64);
  check_in(source, "pooling size", c.pool_size, 1, 16);
  check_in(source, "number of positions", c.n_positions, 1, 1 << 20);
  check_in(source, "width", c.width, 1, 1 << 16);
  check_in(source, "number of layers", c.n_layers, 0, 512);
  if (!(c.norm_eps > 0 && c.norm_eps < 1))
    throw_error<FormatError>("{}: the picture encoder's norm epsilon {} is not between 0 and 1", source, c.norm_eps);
  if (c.n_layers > 0) check_layers(c, source);
}

// What every encoder with layers does: pixels in [-1, 1], and means that are as large as the width asks.
void set_tower(VisionConfig& c) {
  c.pixel_factor = 2;
  c.pixel_offset = -1;
  c.pool_factor = std::sqrt(static_cast<float>(c.width));
}

// Without layers a soft token is one large patch, with pixels in [0, 1].
void set_without_layers(VisionConfig& c) {
  c.patch_size *= c.pool_size;
  c.pool_size = 1;
}

int count_positions(const gguf::File& file) {
  const gguf::Tensor* t = file.find_tensor("v.position_embd.weight");
  if (t == nullptr) throw_error<FormatError>("{}: tensor v.position_embd.weight is missing", file.path());
  return static_cast<int>(std::min<uint64_t>(t->ne[1], INT32_MAX));
}

// Pixels are used as they are: files that ask for more are another encoder's.
void check_colours(const gguf::File& file) {
  const auto mean = file.get_float_array("clip.vision.image_mean"), std = file.get_float_array("clip.vision.image_std");
  const auto are_all = [](const auto& values, float wanted) {
    return !values || std::all_of(values->begin(), values->end(), [&](float v) { return v == wanted; });
  };
  if (!are_all(mean, 0) || !are_all(std, 1))
    throw_error<FormatError>("{}: clip.vision.image_mean and image_std must be 0 and 1", file.path());
}

void set_max_soft_tokens(VisionConfig& c, int64_t n, const std::string& source) {
  check_in(source, "number of soft tokens", n, 1, 1 << 16);
  c.max_soft_tokens = static_cast<int>(n);
}

// Projector files say it in pixels.
void read_max_soft_tokens(VisionConfig& c, const GgufKeys& keys, const std::string& source) {
  const int64_t side = c.soft_token_size();
  if (const int64_t pixels = keys.integer("image_max_pixels", 0); pixels > 0)
    set_max_soft_tokens(c, pixels / (side * side), source);
}

void read_max_soft_tokens(VisionConfig& c, const std::string& folder) {
  const std::string path = folder + "/processor_config.json";
  if (!std::filesystem::exists(path)) return;
  const Json root = parse_object(read_small_file(path), path);
  static const Json empty = Json::object();
  const Fields f(Fields(root, path).object("image_processor", empty), path + ": image_processor");
  set_max_soft_tokens(c, f.integer("max_soft_tokens", c.max_soft_tokens), path);
}

void read_layers(VisionConfig& c, const GgufKeys& keys, const std::string& source) {
  c.n_layers = static_cast<int>(keys.integer("block_count"));
  check_in(source, "number of layers", c.n_layers, 1, 512);
  c.n_heads = static_cast<int>(keys.integer("attention.head_count"));
  check_in(source, "number of heads", c.n_heads, 1, 1024);
  if (c.width % c.n_heads != 0)
    throw_error<FormatError>("{}: the picture encoder's width {} cannot be shared by {} heads", source, c.width,
                             c.n_heads);
  c.head_dim = c.width / c.n_heads;
  c.n_ff = static_cast<int>(keys.integer("feed_forward_length"));
}

void read_layers(VisionConfig& c, const Fields& f) {
  c.n_layers = f.integer("num_hidden_layers", 16);
  check_in(f.source(), "number of layers", c.n_layers, 1, 512);
  c.n_heads = f.integer("num_attention_heads", 12);
  if (f.integer("num_key_value_heads", c.n_heads) != c.n_heads)
    f.wrong("num_key_value_heads", "the number of attention heads");
  c.head_dim = f.integer("head_dim", 64);
  c.n_ff = f.integer("intermediate_size", 3072);
  if (f.text("hidden_activation", "gelu_pytorch_tanh") != "gelu_pytorch_tanh")
    f.wrong("hidden_activation", "\"gelu_pytorch_tanh\"");
  if (f.boolean("attention_bias", false)) f.wrong("attention_bias", "false");
  static const Json empty = Json::object();
  const Fields rope(f.object("rope_parameters", empty), f.source() + ": rope_parameters");
  const std::string type = rope.text("rope_type", "axial");
  if (type != "axial" && type != "default") rope.wrong("rope_type", "\"axial\" or \"default\"");
  c.rope_base = static_cast<float>(rope.number("rope_theta", 100));
}

// Which of two kinds it is, or FormatError.
bool has_layers(const std::string& source, std::string_view kind, const VisionKinds& kinds) {
  if (kind != kinds.tower && kind != kinds.without_layers)
    throw_error<FormatError>("{}: the picture encoder is of the kind \"{}\", expected \"{}\" or \"{}\"", source, kind,
                             kinds.tower, kinds.without_layers);
  return kind == kinds.tower;
}

// Files of a single encoder name it by the older key.
std::string_view kind_of(const gguf::File& file) {
  const auto older = file.get_string("clip.projector_type");
  return file.get_string("clip.vision.projector_type").value_or(older.value_or(""));
}

}  // namespace

std::optional<VisionConfig> read_vision_config(const gguf::File& file) {
  // Ollama's converter keeps the encoder, which then is one with layers, in the text model's file.
  const bool in_model = file.find("gemma4.vision.block_count") != nullptr;
  if (!in_model && !file.get_bool("clip.has_vision_encoder").value_or(false)) return {};
  const bool tower = in_model || has_layers(file.path(), kind_of(file), kGgufKinds);
  const GgufKeys keys(file, in_model ? "gemma4.vision." : "clip.vision.");
  check_colours(file);
  VisionConfig c;
  c.patch_size = static_cast<int>(keys.integer("patch_size", 16));
  c.pool_size = static_cast<int>(keys.integer("projector.scale_factor", 3));
  c.width = static_cast<int>(keys.integer("embedding_length"));
  c.norm_eps = static_cast<float>(keys.number("attention.layer_norm_epsilon", 1e-6));
  c.n_positions = count_positions(file);
  c.is_standardized = file.find_tensor("v.std_scale") != nullptr;
  if (tower) {
    read_layers(c, keys, file.path());
    set_tower(c);
  } else {
    set_without_layers(c);
  }
  check_sizes(c, file.path());
  read_max_soft_tokens(c, keys, file.path());
  return c;
}

std::optional<VisionConfig> parse_vision_config(const std::string& json, const std::string& source) {
  const Json root = parse_object(json, source);
  const Fields top(root, source);
  if (top.find("vision_config") == nullptr) return {};
  static const Json empty = Json::object();
  const Fields f(top.object("vision_config", empty), source + ": vision_config");
  const bool tower = has_layers(f.source(), f.text("model_type", "gemma4_vision"), kFolderKinds);
  VisionConfig c;
  c.patch_size = f.integer("patch_size", 16);
  c.pool_size = f.integer("pooling_kernel_size", 3);
  c.norm_eps = static_cast<float>(f.number("rms_norm_eps", 1e-6));
  if (tower) {
    c.width = f.integer("hidden_size", 768);
    c.n_positions = f.integer("position_embedding_size", 10240);
    c.is_standardized = f.boolean("standardize", false);
    read_layers(c, f);
    set_tower(c);
  } else {
    c.width = f.integer("mm_embed_dim");
    c.n_positions = f.integer("mm_posemb_size");
    if (f.integer("output_proj_dims", c.width) != c.width) f.wrong("output_proj_dims", "the same as \"mm_embed_dim\"");
    set_without_layers(c);
  }
  check_sizes(c, f.source());
  return c;
}

std::optional<VisionConfig> read_vision_config(const std::string& folder) {
  const std::string path = folder + "/config.json";
  auto c = parse_vision_config(read_small_file(path), path);
  if (c) read_max_soft_tokens(*c, folder);
  return c;
}

}  // namespace facet::model
