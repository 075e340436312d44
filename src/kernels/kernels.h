// The inner loops of cpu::Ops, one table of functions per instruction set. A kernel is single-threaded, allocates
// nothing and checks nothing: its caller splits the work and passes buffers.
//
// Numerics, for every set: a result does not depend on the columns (tokens) computed beside it, nor on how rows were
// split between calls. Between sets the order of summation differs by the vector width; each stays within
// (n + 8) * 2^-24 * sum |x_i w_i| + n * 2^-149 of the exact sum: at worst a term is rounded once a summation, and a few
// times for its scale. Where a format's value is scale * code - min, or scale * (code - offset), both parts count:
// w_i = s_i - m_i stands for |s_i| + |m_i|.
// Matrix times vector on codes, and panels of Int16 and Int8, round x besides, to 16 or 8 bits by blocks of
// kRoundedBlock: an element is off by up to rounding_error() of its block's largest, and 0 in a block whose largest is
// below kRoundedFloor. The sums of a block, and the product of its scale with a weights' group's, are f32 and must lie
// in its normal range.
// Panels of BF16 round x and w, each by up to kBf16Error of itself, and take what is below 2^-126 for 0.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/half.h"
#include "quant/block_type.h"
#include "quant/kv_type.h"

namespace facet::kernels {

// What x is rounded to where it meets codes.
enum class Rounding : uint8_t { Int16, Int8 };
// Elements of x that share a scale when rounded.
constexpr int kRoundedBlock = 32;
constexpr float kRoundedFloor = 0x1p-80f;
// Half a step of the block's scale, its largest / 32,639 at least and / 127, and what f32 adds.
constexpr float rounding_error(Rounding rounding) { return rounding == Rounding::Int16 ? 1 / 64700.0f : 1 / 253.9f; }
constexpr float kBf16Error = 0x1p-8f;
// Independent chains of PanelKernels::peak: enough to hide the latency of two units, few enough for sixteen registers.
constexpr int kPeakChains = 12;

// The columns of a product: x itself, and the same rounded for formats of codes (see ProductKernels::round).
struct Columns {
  const float* x;
  size_t stride;  // floats between columns
  const float* rounded;
  size_t rounded_stride;

  Columns from(size_t column) const {
    return {x + column * stride, stride, rounded + column * rounded_stride, rounded_stride};
  }
};
// A column's elements, of 16 bits or smaller, then scales and sums of 32 and of 16 elements, all filled up to 256
// elements.
constexpr size_t rounded_floats(int n) {
  const size_t n_chunks = (static_cast<size_t>(n) + 255) / 256;
  return n_chunks * (256 / 2 + 2 * (256 / 32 + 256 / 16));
}

// y[c * y_stride + o] = sum_i x[c][i] * w[o, i]     o < n_rows, c < n_cols, i < n_in
// w: n_rows rows of blocks, row_bytes apart, any alignment; nothing beyond the last row is read, except by prefetch.
using MatVec = void (*)(const std::byte* w, size_t row_bytes, int n_in, int n_rows, const Columns& x, int n_cols,
                        float* y, size_t y_stride);

// y[0 .. n) = the values of n consecutive weights of a row that starts at a block border.
using Decode = void (*)(const std::byte* blocks, float* y, int n);

// Every function built on exp: its relative error, and where it is 0.
constexpr double kExpError = 2e-7;
constexpr float kExpFloor = -87.3f;
constexpr double kSoftcapError = 4e-7;

// Keys and values of one KV head at consecutive positions that lie in one page.
struct AttentionTile {
  const std::byte* k;  // row t of n_tokens: k + t * row_bytes
  const std::byte* v;
  size_t row_bytes;
  int n_tokens;  // at most kTileTokens
  int head_dim;  // a multiple of 2, and of the type's block
  // The keys of the tile that follows, which are asked for while this one's values are added up; null: none.
  const std::byte* next = nullptr;
};
constexpr int kTileTokens = 64;

// One column as products of codes want it, rounded_floats(n) in all; elements are in an order of the set's own. What is
// left of n beyond whole blocks is left out: formats of codes have none of it. A block with an element that is infinite
// or no number is no number as a whole.
using Round = void (*)(const float* x, int n, float* out);

// Products with columns rounded in one way.
struct RoundedKernels {
  std::array<MatVec, quant::kBlockTypeIds> matvec;  // by BlockType
  Round round;
};
// Weights in their own blocks: columns of Int16, and x as it is for what is no codes.
struct ProductKernels : RoundedKernels {
  std::array<Decode, quant::kBlockTypeIds> decode;  // by BlockType
};

// What weights and activations become before many tokens are multiplied.
enum class PanelKind : uint8_t {
  F32,    // both as they are
  Int16,  // formats of codes: integers, activations rounded as by ProductKernels::round
  BF16,   // both rounded to bf16; not for weights of f32
  Int8,   // as Int16, activations rounded to 8 bits; not for the formats that a set multiplies as fast by Int16
};
constexpr size_t kPanelKinds = 4;
// Weights of a row, and elements of a token, that are multiplied at a time: what is longer comes in pieces.
constexpr int kPanelDepth = 512;

// Weights of n_rows <= PanelKernels::rows rows, n <= kPanelDepth of each, in whole blocks; rows lie row_bytes apart.
using Unpack = void (*)(const std::byte* blocks, size_t row_bytes, int n_rows, int n, std::byte* panel);
// acc[r][t] += sum_i panel[r][i] * tile[t][i], r < n_rows, t < n_tokens; rows of acc lie a tile's tokens apart. What
// acc holds beside them, within its room, is not kept.
using MultiplyPanel = void (*)(const std::byte* panel, int n_rows, int n, const std::byte* tile, int n_tokens,
                               float* acc);
struct PanelFormat {
  Unpack unpack;
  MultiplyPanel multiply;
};

// Attention of many queries, as products of panels: queries are the tokens of tiles and keys the rows of a panel; then
// the values' columns are the rows of a panel, and the softmax's weights a tile.
struct PanelAttention {
  // Products may begin at rows, and at elements of the depth, that are multiples of it: a panel's row r lies
  // r * row_bytes on, element i of the depth i * panel_bytes on in the panel and i * tile_bytes in the tile. Divides
  // kTileTokens.
  int step;
  size_t panel_bytes, tile_bytes;
  // panel[c][r] = element c of row r, c < n_columns <= kTileTokens, r < n_rows <= kTileTokens, by KvType; 0 where
  // r < first_row, as is what lacks to a step of either. Rows of the cache are row_bytes apart.
  std::array<void (*)(const std::byte* blocks, size_t row_bytes, int first_row, int n_rows, int n_columns,
                      std::byte* panel),
             quant::kKvTypes>
      unpack_columns;
  // A step of the softmax over scale * scores[i][t], i < n, for each token t < n_tokens of a tile; rows lie a tile's
  // tokens apart. top[t] becomes the largest so far, factor[t] = exp(old top - top), tile[t][i] = exp(scale *
  // scores[i][t] - top), total[t] = total[t] * factor[t] + the sum of these. Nothing so far: top kNoScore, total 0. A
  // score of -infinity weighs 0; one that is no number shows in the total. n is a multiple of step, scale positive.
  void (*weigh)(float* scores, int n, int n_tokens, float scale, float* top, float* total, float* factor,
                std::byte* tile);
  bool weighs_in_place;  // scores are a tile as they lie: `tile` has to be them
  // acc[r][t] *= factor[t], rows a tile's tokens apart.
  void (*rescale)(float* acc, int n_rows, int n_tokens, const float* factor);
};
constexpr float kNoScore = -3.4e38f;

// The n elements of n_tokens that lie in the tiles of one or more pieces, tile_bytes apart.
struct FewColumns {
  const std::byte* tile;
  size_t tile_bytes;
  int n, n_tokens;
};
// out[t * out_stride + r] = factor * sum_i w[r, i] * x[t][i], r < n_rows; whole rows, row_bytes apart, any alignment;
// nothing beyond the last one is read, except by prefetch.
using MultiplyFew = void (*)(const std::byte* blocks, size_t row_bytes, int n_rows, const FewColumns& x, float factor,
                             float* out, size_t out_stride);
// Tiles of so few tokens that unpacking would not pay. Results are those of panels, to the bit.
struct FewTokens {
  int tokens;  // at most; they take less memory than a tile of PanelKernels has
  void (*pack)(const float* const* rows, int n_tokens, int first, int n, std::byte* tile);  // as PanelKernels::pack
  std::array<MultiplyFew, quant::kBlockTypeIds> multiply;                                   // by BlockType
};

// Many tokens: a panel of rows is unpacked once and met by all tokens, a tile at a time. Memory of panels, tiles and
// sums is aligned to 64 bytes.
struct PanelKernels {
  // Of a panel, which has room for all of them, as have its sums; panels of F32 may be given room for more.
  int rows;
  int tokens;                    // of a tile
  size_t tile_bytes, row_bytes;  // of a tile, and of a panel's row
  // The elements [first, first + n) of n_tokens <= tokens rows, n <= kPanelDepth; for Int16 and Int8 in whole blocks.
  void (*pack)(const float* const* rows, int n_tokens, int first, int n, std::byte* tile);
  std::array<PanelFormat, quant::kBlockTypeIds> formats;  // by BlockType; null where the kind does not take it
  // out[t][r] = factor * acc[r][t]; rows of out lie out_stride floats apart.
  void (*store)(const float* acc, int n_rows, int n_tokens, float factor, float* out, size_t out_stride);

  // The ceiling that products are compared with: n_steps times peak_operations operations (a product, an addition) of
  // `multiply` in registers alone. Returns a number that depends on all of them.
  float (*peak)(int n_steps);
  int peak_operations;

  PanelAttention attention = {};  // F32 and BF16 have it

  const FewTokens* few = nullptr;  // takes what this takes; null: there is none

  bool is_few(int n_tokens) const noexcept { return few != nullptr && n_tokens <= few->tokens; }
  bool takes(quant::BlockType type) const noexcept { return formats[static_cast<size_t>(type)].unpack != nullptr; }
};

// Loops over one row of activations.
struct RowKernels {
  // out = x * factor * w, factor = 1 / sqrt(mean(x^2) + eps); w null: no weight. out may be x.
  void (*rms_norm)(float* out, const float* x, const float* w, int n, float eps);
  // out = gate / (1 + exp(a)) * up, a = -2 sqrt(2/pi) (gate + 0.044715 gate^3): the tanh form without its cancellation.
  void (*gelu_mul)(float* out, const float* gate, const float* up, int n);
  // x = cap * tanh(x / cap), within cap * kSoftcapError.
  void (*softcap)(float* x, int n, float cap);
  void (*add)(float* x, const float* y, int n);
  void (*scale)(float* x, int n, float factor);
  void (*multiply)(float* out, const float* x, const float* y, int n);
  void (*add_scaled)(float* x, const float* y, int n, float factor);        // x += factor * y
  void (*add_product)(float* x, const float* y, const float* z, int n);     // x += y * z
  void (*clamp)(float* out, const float* x, int n, float low, float high);  // NaN stays; out may be x
  // out = a / (1 + exp(-b)); out may be a or b, which may be the same.
  void (*glu)(float* out, const float* a, const float* b, int n);
  // out = (x - mean) * factor * w + b, factor = 1 / sqrt(variance + eps); b null: none. out may be x. The mean is as
  // right as a sum of what x differs from it.
  void (*layer_norm)(float* out, const float* x, const float* w, const float* b, int n, float eps);
  // p[i] = exp(p[i] - top), returns their sum. 0 where the difference is below kExpFloor.
  float (*exp_sum)(float* p, int n, float top);
  float (*max)(const float* x, int n);  // NaN if one is; n > 0
};

// A tile of the cache, by KvType.
struct AttentionKernels {
  // scores[q][t] = q . k_t, q < n_queries; scores rows kTileTokens apart.
  std::array<void (*)(const AttentionTile& tile, const float* const* queries, int n_queries, float* scores),
             quant::kKvTypes>
      scores;
  // out[q][i] += sum_t p[q][t] * v_t[i]; p rows kTileTokens apart.
  std::array<void (*)(const AttentionTile& tile, const float* p, int n_queries, float* const* out), quant::kKvTypes>
      accumulate;
  // A row from f32, to nearest even. Blocks of codes: the scale is the largest magnitude / 127 in f16, codes are x
  // divided by that and within 127; a block with an element that is infinite, no number, or too large for such a scale
  // (beyond 8.3e6) is no number as a whole.
  std::array<void (*)(std::byte* out, const float* x, int n), quant::kKvTypes> store;
};

struct Kernels : ProductKernels, RowKernels, AttentionKernels {
  std::string_view name;                                // "avx512"
  const RoundedKernels* int8;                           // of codes alone
  std::array<const PanelKernels*, kPanelKinds> panels;  // by PanelKind; null where the set has none
  // Panels of Int16 that have few tokens, so that any number of rows can be decoded in one order; null: none has.
  const PanelKernels* decoding = nullptr;

  const PanelKernels& panels_of(PanelKind kind) const noexcept { return *panels[static_cast<size_t>(kind)]; }
  MatVec matvec_of(quant::BlockType type, Rounding rounding) const noexcept {
    const MatVec bytes = int8->matvec[static_cast<size_t>(type)];
    return rounding == Rounding::Int8 && bytes != nullptr ? bytes : matvec[static_cast<size_t>(type)];
  }
  Round round_of(Rounding rounding) const noexcept { return rounding == Rounding::Int8 ? int8->round : round; }
};

// Whether products of this type take the rounded columns.
bool rounds_columns(quant::BlockType type) noexcept;

// What this CPU can run, best first; never empty (scalar comes last).
const std::vector<const Kernels*>& available();
// The best, or the one that the environment variable FACET_ISA names ("scalar", "avx2", "neon"). Throws RequestError
// when that is unknown or this CPU lacks it.
const Kernels& choose();
// The panels of `prompts` and all else of `decode`, both of available(): "avx2+amx", since what reads weights fastest
// need not be what multiplies fastest. `decode` itself where that is no other.
const Kernels& combine(const Kernels& decode, const Kernels& prompts);
// Every set this build has, with whether this CPU can run it.
struct KernelSet {
  const Kernels* kernels;
  bool runs_here;
};
std::vector<KernelSet> all_sets();

}  // namespace facet::kernels
