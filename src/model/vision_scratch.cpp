// Where the activations of a picture lie. Those of all its patches grow with the picture, those of a block do not.
#include <algorithm>
#include <cstdint>

#include "model/vision.h"

namespace facet::model {
namespace {

constexpr size_t kAlign = 16;   // floats
constexpr int kPageStep = 256;  // backends read keys in whole tiles, which divide this

// Visits every matrix with its rows and columns; both the count and the layout come from here.
template <class Visit>
void for_each_activation(const VisionConfig& c, int n, Visit&& visit) {
  using S = VisionScratch;
  const int block = std::min(n, S::kBlockRows), heads = c.heads_width(), has_layers = c.n_layers > 0 ? 1 : 0;
  visit(&S::x, n, c.width);
  visit(&S::q, n, std::max(c.width, heads) * has_layers);
  visit(&S::heads, n, heads);
  for (const auto m : {&S::cos, &S::sin}) visit(m, n, c.head_dim / 2);
  visit(&S::soft, n / (c.pool_size * c.pool_size), c.width);
  visit(&S::patches, block, c.patch_values());
  for (const auto m : {&S::h, &S::y}) visit(m, block, c.width);
  for (const auto m : {&S::k, &S::v}) visit(m, block, heads);
  for (const auto m : {&S::gate, &S::up}) visit(m, block, c.n_ff);
  visit(&S::clipped, block, std::max(c.width, heads));
}

size_t activation_floats(int rows, int cols) {
  return (static_cast<size_t>(rows) * static_cast<size_t>(cols) + kAlign - 1) / kAlign * kAlign;
}

int page_tokens(int n_patches) { return (n_patches + kPageStep - 1) / kPageStep * kPageStep; }

// Of keys, and of values.
size_t half_page_bytes(const VisionConfig& c, int n_patches, ops::KvType type) {
  if (c.n_layers == 0) return 0;
  return static_cast<size_t>(c.n_heads) * static_cast<size_t>(page_tokens(n_patches)) *
         quant::kv_row_bytes(type, c.head_dim);
}

size_t count_floats(const VisionConfig& c, int n_patches) {
  size_t n = kAlign;
  for_each_activation(c, n_patches,
                      [&](ops::Mat VisionScratch::*, int rows, int cols) { n += activation_floats(rows, cols); });
  return n;
}

}  // namespace

void VisionScratch::reserve(const VisionConfig& c, int n, ops::KvType kv_type) {
  if (n <= n_patches_ && kv_type == kv.type) return;
  n = std::max(n, n_patches_);
  n_patches_ = 0;  // nothing may be used if memory runs out half-way
  const size_t half = half_page_bytes(c, n, kv_type);
  floats_ = std::make_unique_for_overwrite<float[]>(count_floats(c, n));
  page_ = std::make_unique_for_overwrite<std::byte[]>(2 * half);
  float* next = floats_.get();
  next += (kAlign - reinterpret_cast<uintptr_t>(next) / sizeof(float) % kAlign) % kAlign;
  for_each_activation(c, n, [&](ops::Mat VisionScratch::*m, int rows, int cols) {
    this->*m = {next, rows, cols};
    next += activation_floats(rows, cols);
  });
  pages_[0] = page_.get();
  kv = {pages_, page_tokens(n), kv_type, c.n_heads, c.head_dim, 0, half};
  for (auto* of_patches : {&col, &row}) of_patches->resize(static_cast<size_t>(n));
  positions.resize(static_cast<size_t>(n));
  n_patches_ = n;
}

size_t VisionScratch::count_bytes(const VisionConfig& c, int n_patches) {
  return count_floats(c, n_patches) * sizeof(float) + 2 * half_page_bytes(c, n_patches, ops::KvType::F32) +
         static_cast<size_t>(n_patches) * (2 * sizeof(int32_t) + sizeof(int));
}

}  // namespace facet::model
