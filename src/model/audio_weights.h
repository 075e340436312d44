// The tensors of the encoder of sound, bound to their roles: views of the mapped file for matrices, f32 copies for
// norms and convolutions. Every shape has been checked against the AudioConfig.
#pragma once

#include <array>
#include <vector>

#include "model/audio_config.h"
#include "model/binder.h"

namespace facet::model {

// Half a step: x += rms_norm(down(silu(up(rms_norm(x, norm)))), post_norm).
struct AudioFeedForward {
  std::vector<float> norm;       // [n_embd]
  std::vector<float> post_norm;  // [n_embd], with the config's residual_weight multiplied in
  ClippedWeight up;              // [n_ff, n_embd]
  ClippedWeight down;            // [n_embd, n_ff]
};

// Names are GGUF's; shapes are [out, in].
struct AudioLayerWeights {
  AudioFeedForward ff1, ff2;  // before the attention, after the convolution; ff2: the tensors ending in _1

  std::vector<float> attn_pre_norm, attn_post_norm;  // [n_embd]
  ClippedWeight attn_q, attn_k, attn_v, attn_out;    // [n_embd, n_embd]
  Weight attn_k_rel;                                 // [n_embd, n_embd]
  std::vector<float> attn_q_scale;  // [n_embd]: per_dim_scale for each head, with all factors of queries and keys

  std::vector<float> conv_norm, norm_conv;  // [n_embd]: before conv_pw1, and after conv_dw
  ClippedWeight conv_pw1;                   // [2 * n_embd, n_embd]
  std::vector<float> conv_dw;               // [n_kernel, n_embd]: turned, so that channels lie side by side
  ClippedWeight conv_pw2;                   // [n_embd, n_embd]

  std::vector<float> ln2;  // [n_embd]: of the layer's output
};

// A convolution of 3 x 3 over time and bins, normed over its channels.
struct AudioConvWeights {
  std::vector<float> taps;  // [n_out, 9 * n_in] in the order time, bin, channel, in which inputs lie
  std::vector<float> norm;  // [n_out]
  int n_in = 0, n_out = 0;

  Weight weight() const noexcept {
    return {reinterpret_cast<const std::byte*>(taps.data()), quant::BlockType::F32, 9 * n_in, n_out, 1};
  }
};

struct AudioWeights {
  // Without layers, only mm_input_projection is there.
  std::array<AudioConvWeights, 2> conv;
  Weight input_projection;  // [n_embd, n_subsampled]
  // [n_visible, n_embd]: row d says "d rows back", in sines and cosines; attn_k_rel makes keys of it. Divided by the
  // factor of keys that attn_q_scale holds already.
  std::vector<float> distances;
  std::vector<AudioLayerWeights> layers;
  Weight output_projection;        // [n_out, n_embd]
  std::vector<float> output_bias;  // [n_out]
  Weight mm_input_projection;      // [n_embd of the text model, n_out]
};

// n_text: the text model's n_embd. The source outlives the result. Throws FormatError: a tensor that is missing, has
// another shape or a type without a decoder; norms, factors or limits that are not finite.
AudioWeights bind_audio_weights(const AudioConfig& config, const TensorSource& source, int n_text);

}  // namespace facet::model
