// The operations a Gemma forward pass is made of, on views. All work of a model passes through this interface, so
// backends (ref/: the definition; cpu/) and decorators (checked, timed, dumping, recording) fit beneath one model.
//
// Everything is f32 at this level. Shapes are checked when a model is bound, so implementations are noexcept and check
// by assert. Unless said otherwise `out` does not overlap an input. A fused op has a default body that composes plain
// ones: the body is its definition, and a backend overrides it where that wins.
#pragma once

#include <limits>
#include <string_view>

#include "ops/tensor.h"

namespace facet::ops {

// What becomes of a product's elements: they are kept within limits, perhaps turned by silu, and kept within limits
// again.
struct Finish {
  float low = -kNoLimit, high = kNoLimit;
  bool silu = false;
  float then_low = -kNoLimit, then_high = kNoLimit;

  static constexpr float kNoLimit = std::numeric_limits<float>::infinity();
  bool clamps() const noexcept { return low > -kNoLimit || high < kNoLimit; }
  bool clamps_then() const noexcept { return then_low > -kNoLimit || then_high < kNoLimit; }
};

// One product among several on the same input.
struct Projection {
  Mat out;
  const Weight* w = nullptr;
  Finish finish = {};
};

// Rows that are decoded get what each would get alone, however many there are. So do up to kDecodeRows rows of a
// prompt; more may be computed in another order, or rounded otherwise.
enum class StepKind : uint8_t { Prompt, Decode };
constexpr int kDecodeRows = 8;
constexpr int kDecodeBatch = 32;  // rows of a decode step, at most

class Ops {
 public:
  virtual ~Ops() = default;

  // Gets the workspaces of steps within the limits, so that the ops themselves need none; without it, or beyond the
  // limits, an op gets what it lacks when it runs. Throws std::bad_alloc.
  virtual void reserve(const StepLimits&) {}

  // Of what kind the rows are of all ops until this is called again; prompts at first.
  virtual void begin_step(StepKind) noexcept {}

  // out[r, c] = table[ids[r], first_col + c] * scale. table is [vocabulary, n] (n_out = vocabulary).
  virtual void embed(Mat out, std::span<const int32_t> ids, const Weight& table, int first_col,
                     float scale) noexcept = 0;

  // out[r] = x[r] * rsqrt(mean(x[r]^2) + eps) * w; w empty: no weight. out may be x.
  virtual void rms_norm(Mat out, ConstMat x, Vec w, float eps) noexcept = 0;

  // out[r, o] = sum_i x[r, i] * w[o, i].
  virtual void linear(Mat out, ConstMat x, const Weight& w) noexcept = 0;

  // Several products on one input, each finished as it says.
  virtual void linears(std::span<const Projection> projections, ConstMat x) noexcept;

  // out = gelu_tanh(gate) * up, where gelu_tanh(x) = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). out may be gate.
  virtual void gelu_mul(Mat out, ConstMat gate, ConstMat up) noexcept = 0;

  // out = gelu_mul(gate_w x, up_w x). up is scratch of out's shape.
  virtual void gated_linear(Mat out, Mat up, ConstMat x, const Weight& gate_w, const Weight& up_w) noexcept;

  // Rotates pairs (i, i + head_dim / 2), i < cos.n_cols, of every head of row r by the angle whose cosine and sine
  // stand in row r of cos and sin. Pairs beyond cos.n_cols stay. x is [rows, heads * head_dim].
  virtual void rope(Mat x, int head_dim, ConstMat cos, ConstMat sin) noexcept = 0;

  // Writes k[r], v[r] ([rows, kv heads * head_dim]) to positions[r] of the cache, rounded to its type.
  virtual void store_kv(const KvView& kv, std::span<const int> positions, ConstMat k, ConstMat v) noexcept = 0;

  // What keys and values that serve one call of attention are best kept in: exact, unless rounding them makes the
  // backend faster and it may round.
  virtual KvType passing_kv_type() const noexcept { return KvType::F32; }

  // out[r, h] = sum_p softmax_p(scale * q[r, h] . K[h', p]) V[h', p] over the visible p; h' = h / (heads / kv heads).
  virtual void attention(Mat out, ConstMat q, const KvView& kv, const AttnSpec& spec) noexcept = 0;

  virtual void add(Mat x, ConstMat y) noexcept = 0;      // x += y
  virtual void scale(Mat x, float factor) noexcept = 0;  // x *= factor
  virtual void scale_cols(Mat out, ConstMat x,
                          Vec factors) noexcept = 0;    // out[r, c] = x[r, c] * factors[c]; may alias
  virtual void softcap(Mat x, float cap) noexcept = 0;  // x = cap * tanh(x / cap)
  virtual void copy(Mat out, ConstMat x) noexcept = 0;  // out = x
  virtual void copy_rows(Mat out, ConstMat x,
                         std::span<const int> rows) noexcept = 0;  // out[i] = x[rows[i]]; out may be x if rows[i] >= i

  // x += rms_norm(y, w); y is scratch.
  virtual void add_rms_norm(Mat x, Mat y, Vec w, float eps) noexcept;

  // The router's choice: p = softmax(logits[r]); the n_used largest p (ties: lower index first), divided by their sum,
  // times expert_scale[e] (empty: 1). logits is overwritten with p.
  virtual void route(const Routing& routing, Mat logits, Vec expert_scale) noexcept = 0;

  // out[r] = sum_j routing.weight[r, j] * down_e (gelu_mul(gate_e x[r], up_e x[r])), e = routing.index[r, j].
  // gate and up are [n_ff, n_in] stacks, or up is empty and gate holds both (rows 0..n_ff-1 gate, then up).
  virtual void experts(Mat out, ConstMat x, const Routing& routing, const ExpertWeight& gate, const ExpertWeight& up,
                       const ExpertWeight& down) noexcept = 0;

  // Of the encoders of pictures and sound.

  // Rotates each half of a head by angles of its own (positions in two dimensions): the pairs (i, i + head_dim / 4) of
  // half j by those whose cosines and sines stand in columns j * head_dim / 4 + i. x is [rows, heads * head_dim].
  virtual void rope_2d(Mat x, int head_dim, ConstMat cos, ConstMat sin) noexcept;

  virtual void clamp(Mat out, ConstMat x, float low, float high) noexcept = 0;  // out may be x
  virtual void add_row(Mat x, Vec row) noexcept = 0;                            // x[r, c] += row[c]

  // out[r] = (x[r] - mean(x[r])) * rsqrt(variance(x[r]) + eps) * w + b; b empty: none. out may be x.
  virtual void layer_norm(Mat out, ConstMat x, Vec w, Vec b, float eps) noexcept = 0;

  virtual void relu(Mat x) noexcept = 0;                           // x = max(x, 0)
  virtual void silu(Mat x) noexcept = 0;                           // x = x / (1 + exp(-x))
  virtual void glu(Mat out, ConstMat a, ConstMat b) noexcept = 0;  // out = a / (1 + exp(-b)); out may be a

  // The rows of x are the cells of a grid of n_cols columns, row after row; those of out are the means of its size x
  // size squares, times factor. Both sides of the grid are multiples of size.
  virtual void pool(Mat out, ConstMat x, int n_cols, int size, float factor) noexcept = 0;

  // out[t, c] = sum_j w[j, c] x[t - n + 1 + j, c], n = w.n_rows, with 0 for what stands before the first row.
  virtual void depthwise_conv(Mat out, ConstMat x, ConstMat w) noexcept = 0;

  // A convolution of 3 x 3, stride 2, with zeros around: x is [time, freq * n_channels], channels together; w is
  // [n_out, 9 * n_channels], taps in the order time, freq, channel; out is [(time + 1) / 2, (freq + 1) / 2 * n_out].
  virtual void conv_2d(Mat out, ConstMat x, int n_channels, const Weight& w) noexcept = 0;

  // out[t, h] = sum_d softmax_d(cap(q[t, h] . (k[t - d, h] + distance_k[d, h]))) v[t - d, h] over 0 <= d <= t, d <
  // distance_k.n_rows, where cap(x) = softcap * tanh(x / softcap). All are [rows, heads * head_dim].
  virtual void local_attention(Mat out, ConstMat q, ConstMat k, ConstMat v, ConstMat distance_k,
                               const LocalAttnSpec& spec) noexcept = 0;

  // A named intermediate of a layer (-1: of the model); only decorators look at it.
  virtual void probe(std::string_view, int, ConstMat) noexcept {}
  virtual void probe_routing(int, const Routing&) noexcept {}
};

}  // namespace facet::ops
