// What a checkpoint says of its encoder of pictures, checked: how pixels become patches, the layers, what becomes of
// their results. Models without layers (12B) project large patches as they are.
#pragma once

#include <optional>
#include <string>

#include "gguf/reader.h"

namespace facet::model {

struct VisionConfig {
  int patch_size = 16;  // pixels on a side
  int pool_size = 3;    // patches on a side of a soft token; 1: each patch is one
  int n_positions = 0;  // that a table of positions has, for either axis
  int width = 0;        // of a patch's row
  int n_layers = 0;     // 0: patches go into the projection
  int n_heads = 0, head_dim = 0;
  int n_ff = 0;
  float norm_eps = 1e-6f;
  float layer_norm_eps = 1e-5f;  // of the norms around the embedding that models without layers have
  float rope_base = 100;
  float pool_factor = 1;                     // on the means that soft tokens are
  float pixel_factor = 1, pixel_offset = 0;  // on intensities in [0, 1]
  bool is_standardized = false;              // a shift and a factor for each column of the soft tokens
  int max_soft_tokens = 280;                 // of a picture, where nobody asks for another number

  int soft_token_size() const noexcept { return patch_size * pool_size; }  // pixels on a side
  int patch_values() const noexcept { return 3 * patch_size * patch_size; }
  int heads_width() const noexcept { return n_heads * head_dim; }
};

// Reads the keys of a projector file, or of a model's in which Ollama's converter put the encoder, and from tensors
// what they leave out. Nothing when the file has no encoder of pictures; FormatError for a kind of encoder that is not
// Gemma 4's, naming it, a missing key or a value that cannot be.
std::optional<VisionConfig> read_vision_config(const gguf::File& file);

// Reads vision_config of the config.json in a Hugging Face folder, and max_soft_tokens of its processor_config.json;
// nothing when it has none.
std::optional<VisionConfig> read_vision_config(const std::string& folder);
std::optional<VisionConfig> parse_vision_config(const std::string& json, const std::string& source);

}  // namespace facet::model
