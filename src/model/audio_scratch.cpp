// Where the activations of a clip lie.
#include <algorithm>
#include <cstdint>

#include "model/audio.h"

namespace facet::model {
namespace {

constexpr size_t kClipAlign = 16;  // floats

// Visits every matrix with its rows and columns; both the count and the layout come from here.
template <class Visit>
void for_each_of_clip(const AudioConfig& c, int n_tokens, Visit&& visit) {
  using S = AudioScratch;
  visit(&S::result, n_tokens, c.n_out);
  if (c.n_layers == 0) return;
  const int together = std::min(n_tokens, S::kConvTokens + 1);
  visit(&S::half, 2 * together, (c.n_in + 1) / 2 * c.n_channels[0]);
  visit(&S::quarter, together, c.n_subsampled());
  for (const auto m : {&S::x, &S::h, &S::y}) visit(m, n_tokens, c.n_embd);
  visit(&S::wide, n_tokens, std::max({c.n_ff, 4 * c.n_embd, c.n_subsampled()}));
  visit(&S::distance_k, c.n_visible, c.n_embd);
}

size_t clip_floats(int rows, int cols) {
  return (static_cast<size_t>(rows) * static_cast<size_t>(cols) + kClipAlign - 1) / kClipAlign * kClipAlign;
}

}  // namespace

void AudioScratch::reserve(const AudioConfig& c, int n_rows) {
  const int n = c.n_soft_tokens(n_rows);
  if (n <= n_tokens_) return;
  n_tokens_ = 0;  // nothing may be used if memory runs out
  floats_ = std::make_unique_for_overwrite<float[]>(count_bytes(c, n_rows) / sizeof(float));
  float* next = floats_.get();
  next += (kClipAlign - reinterpret_cast<uintptr_t>(next) / sizeof(float) % kClipAlign) % kClipAlign;
  for_each_of_clip(c, n, [&](ops::Mat AudioScratch::*m, int rows, int cols) {
    this->*m = {next, rows, cols};
    next += clip_floats(rows, cols);
  });
  const size_t block = static_cast<size_t>(n) * static_cast<size_t>(c.n_embd);
  next = wide.data;
  for (ops::Mat* m : {&q, &k, &v, &clipped}) {
    *m = {next, n, c.n_embd};
    next += block;
  }
  n_tokens_ = n;
}

size_t AudioScratch::count_bytes(const AudioConfig& c, int n_rows) {
  size_t n = kClipAlign;
  for_each_of_clip(c, c.n_soft_tokens(n_rows),
                   [&](ops::Mat AudioScratch::*, int rows, int cols) { n += clip_floats(rows, cols); });
  return n * sizeof(float);
}

}  // namespace facet::model
