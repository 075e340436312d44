#include "model/vision.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "model/clipped_linear.h"
#include "model/scratch.h"

namespace facet::model {
namespace {

// What the steps of one picture share.
struct Picture {
  ops::Ops& op;
  const VisionConfig& config;
  const VisionWeights& weights;
  VisionScratch& s;
  PatchGrid grid;

  ops::Mat x() const noexcept { return part(s.x, grid.n(), config.width); }
};

// Calls f(first row, rows) for the blocks that the rows are cut into, evenly many in all.
template <class F>
void for_blocks(int n_rows, F&& f) {
  const int n_blocks = (n_rows + VisionScratch::kBlockRows - 1) / VisionScratch::kBlockRows;
  const int rows = (n_rows + n_blocks - 1) / n_blocks;
  for (int begin = 0; begin < n_rows; begin += rows) f(begin, std::min(rows, n_rows - begin));
}

void set_places(const Picture& p) {
  for (int i = 0; i < p.grid.n(); ++i) {
    const auto at = static_cast<size_t>(i);
    p.s.col[at] = i % p.grid.n_cols;
    p.s.row[at] = i / p.grid.n_cols;
    p.s.positions[at] = i;
  }
}

// What a byte of a pixel is to the encoder.
std::array<float, 256> pixel_values(const VisionConfig& c) {
  std::array<float, 256> values;
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = c.pixel_factor * (static_cast<float>(i) / 255.0f) + c.pixel_offset;
  return values;
}

// One patch's values, in the order of the weights.
void gather_patch(float* out, const uint8_t* corner, size_t row_bytes, int size, bool is_channel_first,
                  const std::array<float, 256>& values) {
  const int plane = size * size;
  for (int row = 0; row < size; ++row, corner += row_bytes)
    for (int i = 0; i < 3 * size; ++i) {
      const int at = is_channel_first ? i % 3 * plane + row * size + i / 3 : row * 3 * size + i;
      out[at] = values[corner[i]];
    }
}

void gather_patches(const Picture& p, const Pixels& image, ops::Mat out, int begin) {
  const auto values = pixel_values(p.config);
  const int size = p.config.patch_size;
  const size_t row_bytes = 3 * static_cast<size_t>(image.width);
  for (int r = 0; r < out.n_rows; ++r) {
    const int row = (begin + r) / p.grid.n_cols, col = (begin + r) % p.grid.n_cols;
    const uint8_t* corner = image.rgb.data() + static_cast<size_t>(row * size) * row_bytes + 3 * col * size;
    gather_patch(out.row(r), corner, row_bytes, size, p.weights.is_channel_first, values);
  }
}

void add_positions(const Picture& p, ops::Mat x, ops::Mat scratch, int begin) {
  const auto first = static_cast<size_t>(begin), n = static_cast<size_t>(x.n_rows);
  const std::array<std::span<const int32_t>, 2> places{std::span(p.s.col).subspan(first, n),
                                                       std::span(p.s.row).subspan(first, n)};
  for (size_t axis = 0; axis < places.size(); ++axis) {
    const PositionTable& t = p.weights.position[axis];
    p.op.embed(scratch, places[axis], t.table, t.first_col, 1);
    p.op.add(x, scratch);
  }
}

void norm_if_any(const Picture& p, ops::Mat x, const VisionLayerNorm& norm) {
  if (!norm.weight.empty()) p.op.layer_norm(x, x, norm.weight, norm.bias, p.config.layer_norm_eps);
}

// x <- embedded patches, with what says where they are.
void embed_patches(const Picture& p, const Pixels& image) {
  const VisionWeights& w = p.weights;
  for_blocks(p.grid.n(), [&](int begin, int n) {
    const ops::Mat patches = part(p.s.patches, n, p.config.patch_values()), x = p.x().rows(begin, n);
    gather_patches(p, image, patches, begin);
    norm_if_any(p, patches, w.patch_norm[0]);
    p.op.linear(x, patches, w.patch_embd);
    if (!w.patch_bias.empty()) p.op.add_row(x, w.patch_bias);
    norm_if_any(p, x, w.patch_norm[1]);
    add_positions(p, x, part(p.s.h, n, p.config.width), begin);
    norm_if_any(p, x, w.patch_norm[2]);
  });
  p.op.probe("patch_embed", -1, p.x());
}

// Cosines and sines for each patch: of its column for the first half of a head, of its row for the second.
void rope_tables(const Picture& p) {
  const int n_pairs = p.config.head_dim / 4, n_places = std::max(p.grid.n_cols, p.grid.n_rows);
  std::vector<float> cos(static_cast<size_t>(n_places * n_pairs)), sin(cos.size());
  for (int i = 0; i < n_pairs; ++i) {
    const float exponent = static_cast<float>(4 * i) / static_cast<float>(p.config.head_dim);
    const float freq = 1.0f / static_cast<float>(std::pow(p.config.rope_base, exponent));
    for (int place = 0; place < n_places; ++place) {
      // The product is rounded to f32 as in the official implementation; the functions themselves are exact.
      const auto angle = static_cast<double>(static_cast<float>(place) * freq);
      cos[static_cast<size_t>(place * n_pairs + i)] = static_cast<float>(std::cos(angle));
      sin[static_cast<size_t>(place * n_pairs + i)] = static_cast<float>(std::sin(angle));
    }
  }
  const auto copy = [&](const std::vector<float>& table, int place, float* to) {
    std::copy_n(table.begin() + place * n_pairs, n_pairs, to);
  };
  for (int i = 0; i < p.grid.n(); ++i) {
    const int col = i % p.grid.n_cols, row = i / p.grid.n_cols;
    copy(cos, col, p.s.cos.row(i));
    copy(cos, row, p.s.cos.row(i) + n_pairs);
    copy(sin, col, p.s.sin.row(i));
    copy(sin, row, p.s.sin.row(i) + n_pairs);
  }
}

// Keys and values of a block into the page, its queries into q.
void prepare_attention(const Picture& p, const VisionLayerWeights& w, int begin, int n) {
  const VisionConfig& c = p.config;
  const int head = c.head_dim;
  const ops::Mat h = part(p.s.h, n, c.width), k = part(p.s.k, n, c.heads_width()), v = part(p.s.v, n, c.heads_width());
  const ops::Mat q = part(p.s.q, p.grid.n(), c.heads_width()).rows(begin, n);
  const ops::Mat cos = p.s.cos.rows(begin, n), sin = p.s.sin.rows(begin, n);
  p.op.rms_norm(h, p.x().rows(begin, n), w.ln1, c.norm_eps);
  const std::array<ClippedProjection, 3> projections{{{q, &w.attn_q}, {k, &w.attn_k}, {v, &w.attn_v}}};
  clipped_linears(p.op, projections, h, p.s.clipped);
  p.op.rms_norm(q.split(head), q.split(head), w.attn_q_norm, c.norm_eps);
  p.op.rms_norm(k.split(head), k.split(head), w.attn_k_norm, c.norm_eps);
  p.op.rms_norm(v.split(head), v.split(head), {}, c.norm_eps);
  p.op.rope_2d(q, head, cos, sin);
  p.op.rope_2d(k, head, cos, sin);
  p.op.store_kv(p.s.kv, std::span(p.s.positions).subspan(static_cast<size_t>(begin), static_cast<size_t>(n)), k, v);
}

// q <- what attention adds to the stream; every patch sees every other.
void attention(const Picture& p, int layer) {
  const VisionLayerWeights& w = p.weights.layers[static_cast<size_t>(layer)];
  const int n = p.grid.n(), width = p.config.heads_width();
  for_blocks(n, [&](int begin, int rows) { prepare_attention(p, w, begin, rows); });
  const ops::Mat heads = part(p.s.heads, n, width), y = part(p.s.q, n, p.config.width);
  const ops::BidirectionalRun all{0, n};
  const ops::AttnSpec spec{std::span(p.s.positions).first(static_cast<size_t>(n)), 0, 1, {&all, 1}};
  p.op.attention(heads, part(p.s.q, n, width), p.s.kv, spec);
  for_blocks(n, [&](int begin, int rows) {
    clipped_linear(p.op, y.rows(begin, rows), heads.rows(begin, rows), w.attn_out, p.s.clipped);
  });
  p.op.probe("vision_layer.attn_out", layer, y);
}

// gate <- gelu(ffn_gate h) * (ffn_up h)
void gate_up(const Picture& p, const VisionLayerWeights& w, ops::Mat gate, ops::Mat h) {
  const ops::Mat up = part(p.s.up, gate.n_rows, gate.n_cols);
  if (!w.ffn_gate.clips() && !w.ffn_up.clips()) {
    p.op.gated_linear(gate, up, h, w.ffn_gate.w, w.ffn_up.w);
    return;
  }
  const std::array<ClippedProjection, 2> both{{{gate, &w.ffn_gate}, {up, &w.ffn_up}}};
  clipped_linears(p.op, both, h, p.s.clipped);
  p.op.gelu_mul(gate, gate, up);
}

void feed_forward(const Picture& p, const VisionLayerWeights& w, ops::Mat x) {
  const ops::Mat h = part(p.s.h, x.n_rows, x.n_cols), y = part(p.s.y, x.n_rows, x.n_cols);
  const ops::Mat gate = part(p.s.gate, x.n_rows, p.config.n_ff);
  p.op.rms_norm(h, x, w.ln2, p.config.norm_eps);
  gate_up(p, w, gate, h);
  clipped_linear(p.op, y, gate, w.ffn_down, gate);
  p.op.add_rms_norm(x, y, w.ffn_post_norm, p.config.norm_eps);
}

void layer(const Picture& p, int i) {
  const VisionLayerWeights& w = p.weights.layers[static_cast<size_t>(i)];
  // 1. Attention
  attention(p, i);
  const ops::Mat attended = part(p.s.q, p.grid.n(), p.config.width);
  for_blocks(p.grid.n(), [&](int begin, int n) {
    const ops::Mat x = p.x().rows(begin, n);
    p.op.add_rms_norm(x, attended.rows(begin, n), w.attn_post_norm, p.config.norm_eps);
    // 2. Feed-forward
    feed_forward(p, w, x);
    // 3. Scale
    if (w.out_scale != 1) p.op.scale(x, w.out_scale);
  });
  p.op.probe("vision_layer.out", i, p.x());
}

// Soft tokens: means of squares of patches, shifted and scaled where the encoder says how.
ops::Mat pool(const Picture& p) {
  const VisionConfig& c = p.config;
  ops::Mat soft = p.x();
  if (c.pool_size > 1 || c.pool_factor != 1) {
    soft = part(p.s.soft, p.grid.n() / (c.pool_size * c.pool_size), c.width);
    p.op.pool(soft, p.x(), p.grid.n_cols, c.pool_size, c.pool_factor);
  }
  if (c.is_standardized) {
    p.op.add_row(soft, p.weights.std_shift);
    p.op.scale_cols(soft, soft, p.weights.std_scale);
  }
  p.op.probe("tower_out", -1, soft);
  return soft;
}

ops::StepLimits limits_of(const VisionConfig& c, int n_patches) {
  ops::StepLimits limits;
  limits.n_rows = std::min(n_patches, VisionScratch::kBlockRows);
  limits.n_in = std::max({c.patch_values(), 2 * c.width, c.heads_width(), c.n_ff});
  limits.n_heads = c.n_heads;
  limits.query_group = c.n_layers > 0 ? 1 : 0;
  limits.head_dim = c.head_dim;
  return limits;
}

}  // namespace

PatchGrid patch_grid(const VisionConfig& c, int width, int height) {
  const int unit = c.soft_token_size();
  if (width <= 0 || height <= 0 || width % unit != 0 || height % unit != 0)
    throw_error<RequestError>("a picture of {}x{} pixels: the encoder takes sides that are multiples of {}", width,
                              height, unit);
  const PatchGrid grid{width / c.patch_size, height / c.patch_size};
  if (std::max(grid.n_cols, grid.n_rows) > c.n_positions)
    throw_error<RequestError>(
        "a picture of {}x{} pixels makes {}x{} patches, but the encoder knows {} positions along a side: ask for fewer "
        "soft tokens",
        width, height, grid.n_cols, grid.n_rows, c.n_positions);
  return grid;
}

int n_soft_tokens(const VisionConfig& c, int width, int height) {
  return patch_grid(c, width, height).n() / (c.pool_size * c.pool_size);
}

void encode_image(ops::Ops& op, const VisionConfig& config, const VisionWeights& weights, const Pixels& image,
                  ops::Mat out, VisionScratch& s, const std::atomic<bool>* cancel) {
  const PatchGrid grid = patch_grid(config, image.width, image.height);
  assert(out.n_rows == n_soft_tokens(config, image.width, image.height));
  assert(image.rgb.size() == 3 * static_cast<size_t>(image.width) * static_cast<size_t>(image.height));
  s.reserve(config, grid.n(), op.passing_kv_type());
  op.reserve(limits_of(config, grid.n()));
  const Picture p{op, config, weights, s, grid};

  // 1. Patches
  set_places(p);
  embed_patches(p, image);
  // 2. Layers
  if (config.n_layers > 0) rope_tables(p);
  for (int i = 0; i < config.n_layers; ++i) {
    if (cancel != nullptr && cancel->load(std::memory_order_relaxed)) throw CancelledError();
    layer(p, i);
  }
  // 3. Soft tokens
  const ops::Mat soft = pool(p);
  // 4. Norm and projection to the text model's width
  op.rms_norm(soft, soft, {}, config.norm_eps);
  op.linear(out, soft, weights.input_projection);
  op.probe("projected", -1, out);
}

VisionWork vision_work(const VisionConfig& c, int n_embd, int n_patches) noexcept {
  const auto n = static_cast<double>(n_patches), width = static_cast<double>(c.width),
             heads = static_cast<double>(c.heads_width()), n_layers = static_cast<double>(c.n_layers);
  const double of_layer = 4 * width * heads + 3 * width * c.n_ff;
  const double of_soft = width * n_embd / (c.pool_size * c.pool_size);
  return {2 * n * (c.patch_values() * width + n_layers * of_layer + of_soft), 4 * n_layers * n * n * heads};
}

}  // namespace facet::model
