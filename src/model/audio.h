// The encoder of sound: log-mel frames -> rows that stand in for token embeddings.
#pragma once

#include <atomic>
#include <memory>

#include "model/audio_weights.h"
#include "ops/ops.h"

namespace facet::model {

// The activations of a clip; rows of every matrix are soft tokens. Memory grows to the longest that was met, and is
// used again.
class AudioScratch {
 public:
  // Room for so many input rows. Throws std::bad_alloc.
  void reserve(const AudioConfig& config, int n_rows);
  static size_t count_bytes(const AudioConfig& config, int n_rows);

  // Soft tokens whose convolutions are computed together: what the first one gives is several times as wide as a layer,
  // and of so many it stays in a core's caches.
  static constexpr int kConvTokens = 32;

  ops::Mat half, quarter;  // [2 tokens, bins / 2 * channels], [tokens, n_subsampled]: of a few tokens at a time
  ops::Mat x;              // [tokens, n_embd] the residual stream
  ops::Mat h, y;           // [tokens, n_embd] input and output of a sublayer
  ops::Mat wide;           // [tokens, n_ff], [tokens, 2 * n_embd], [tokens, n_subsampled]
  ops::Mat q, k, v;        // [tokens, n_embd]; these have wide's memory, which attention does not use,
  ops::Mat clipped;        // [tokens, n_embd] as has the input of a matrix within its limits
  ops::Mat distance_k;     // [n_visible, n_embd]
  ops::Mat result;         // [tokens, n_out]

 private:
  int n_tokens_ = 0;
  std::unique_ptr<float[]> floats_;
};

// x: log-mel [frames, n_in], or raw samples [tokens, n_in] when the encoder has no layers; at least one row. out:
// [config.n_soft_tokens(frames), n_embd of the text model]; rows as they go into the text model's layers, without its
// factor for embeddings. Throws std::bad_alloc, and CancelledError when `cancel` is set, which is looked at between
// layers.
void encode_audio(ops::Ops& op, const AudioConfig& config, const AudioWeights& weights, ops::ConstMat x, ops::Mat out,
                  AudioScratch& scratch, const std::atomic<bool>* cancel = nullptr);

// Multiplications and additions of a clip's matrix products, convolutions among them.
double audio_flops(const AudioConfig& config, int n_text, int n_rows) noexcept;

}  // namespace facet::model
