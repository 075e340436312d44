// What a checkpoint says of its encoder of sound, checked: the convolutions that make soft tokens of log-mel frames,
// the conformer layers, the projection to the text model. Without layers there is no encoder: raw samples are projected
// as they are (12B).
#pragma once

#include <array>
#include <optional>
#include <string>

#include "gguf/reader.h"

namespace facet::model {

struct AudioConfig {
  int n_in = 0;                     // columns of an input row: bins of a log-mel frame, or samples of a soft token
  int n_layers = 0;                 // 0: input rows go into the projection
  int n_embd = 0;                   // width of the layers
  int n_heads = 0;                  // of attention
  int n_ff = 0;                     // inner width of the feed-forwards
  int n_out = 0;                    // width of what is normed and projected
  int n_kernel = 0;                 // rows that the layers' convolution sees, the row itself among them
  int n_visible = 12;               // rows that attention sees, likewise
  std::array<int, 2> n_channels{};  // of the two convolutions
  float softcap = 50;               // of attention's scores
  float residual_weight = 0.5f;     // of the feed-forwards
  float norm_eps = 1e-6f;

  int head_dim() const noexcept { return n_embd / n_heads; }
  // Soft tokens that n_rows input rows become: each convolution halves them and rounds up.
  int n_soft_tokens(int n_rows) const noexcept { return n_layers > 0 ? (n_rows + 3) / 4 : n_rows; }
  // Columns of a row after the second convolution: what is left of the bins, with all channels of each.
  int n_subsampled() const noexcept { return (n_in + 3) / 4 * n_channels[1]; }
};

// Reads the keys of a projector file, and from tensors' shapes what they leave out. Nothing when the file has no
// encoder of sound; FormatError for a kind of encoder that is not Gemma 4's, naming it, a missing key or a value that
// cannot be.
std::optional<AudioConfig> read_audio_config(const gguf::File& file);

// Reads audio_config of the config.json in a Hugging Face folder; nothing when it has none.
std::optional<AudioConfig> read_audio_config(const std::string& folder);
std::optional<AudioConfig> parse_audio_config(const std::string& json, const std::string& source);

}  // namespace facet::model
