// The encoder of pictures: pixels in, rows that stand in for token embeddings out. With layers (a transformer over
// patches of 16 pixels, pooled to soft tokens of 48) or, where the weights have none, a projection of patches of 48.
// Every step with its shapes: docs/model.md.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "model/pixels.h"
#include "model/vision_weights.h"
#include "ops/ops.h"

namespace facet::model {

// A picture's patches: n_cols beside each other, n_rows below.
struct PatchGrid {
  int n_cols = 0, n_rows = 0;
  int n() const noexcept { return n_cols * n_rows; }
};

// Throws RequestError: sides that are no multiples of a soft token's, or more patches along an axis than the encoder
// has positions.
PatchGrid patch_grid(const VisionConfig& config, int width, int height);

// Rows that the picture becomes.
int n_soft_tokens(const VisionConfig& config, int width, int height);

// The activations of a picture, of one encoder. Memory grows to the largest that was met, and is used again.
class VisionScratch {
 public:
  // Room for so many patches, with keys and values of this type. Throws std::bad_alloc.
  void reserve(const VisionConfig& config, int n_patches, ops::KvType kv_type);
  // At most, whatever the type.
  static size_t count_bytes(const VisionConfig& config, int n_patches);

  // Rows of activations that are computed together, at most: all patches of a video's frame, of 70 soft tokens. Enough
  // for products to run at their full speed, few enough for their results to stay in the caches.
  static constexpr int kBlockRows = 640;

  // Of all patches
  ops::Mat x;                     // [n, width] the residual stream
  ops::Mat q;                     // [n, heads * head_dim]; then what attention adds, [n, width]
  ops::Mat heads;                 // [n, heads * head_dim] what attention gathers
  ops::Mat cos, sin;              // [n, head_dim / 2]
  ops::Mat soft;                  // [n / pool_size^2, width]
  std::vector<int32_t> col, row;  // of each patch
  std::vector<int> positions;     // 0 .. n
  ops::KvView kv;                 // keys and values of a layer
  // Of a block
  ops::Mat patches;   // [rows, patch_values]
  ops::Mat h, y;      // [rows, width]
  ops::Mat k, v;      // [rows, heads * head_dim]
  ops::Mat gate, up;  // [rows, n_ff]
  ops::Mat clipped;   // [rows, the widest input of a product]

 private:
  int n_patches_ = 0;
  std::unique_ptr<float[]> floats_;
  std::unique_ptr<std::byte[]> page_;
  std::byte* pages_[1] = {};
};

// out <- the picture's soft tokens, [n_soft_tokens, n_embd]. Throws RequestError (see patch_grid), std::bad_alloc, and
// CancelledError when `cancel` is set, which is looked at between layers.
void encode_image(ops::Ops& op, const VisionConfig& config, const VisionWeights& weights, const Pixels& image,
                  ops::Mat out, VisionScratch& scratch, const std::atomic<bool>* cancel = nullptr);

// Multiplications and additions of a picture of so many patches: of its matrix products, and of attention.
struct VisionWork {
  double products = 0, attention = 0;
};
VisionWork vision_work(const VisionConfig& config, int n_embd, int n_patches) noexcept;

}  // namespace facet::model
