// Prefill on tiles: sixteen rows of weights by 32 of the depth, times 32 of the depth by sixteen tokens, both bf16,
// sums in f32. Two tiles of rows meet two of tokens at a time, over the depth of a panel: those weights, 32 KB, stay in
// the first-level cache while the tokens pass by, and each tile that is loaded serves two products.

constexpr int kSide = 16, kTileDepth = 32, kPair = 2 * kSide, kSquareRows = 64, kSquareTokens = 64;

struct TileLines {  // of 64 bytes
  alignas(64) uint16_t at[kSide][kTileDepth];
};
struct TileRow {  // room for a row; sixteen rows are kPanelDepth / kTileDepth tiles one behind the other
  TileLines part[kPanelDepth / kTileDepth / kSide];
};
using TokenTiles = TileLines[kSquareTokens / kSide][kPanelDepth / kTileDepth];  // a line: two of the depth by 16 tokens

// 32 floats as bf16.
inline __m512i to_bf16(const float* x) {
  return __builtin_bit_cast(__m512i, _mm512_cvtne2ps_pbh(V::load(x + 16), V::load(x)));
}

void pack_tiles(const float* const* rows, int n_tokens, int first, int n, std::byte* memory) {
  auto& tiles = *reinterpret_cast<TokenTiles*>(memory);
  const int n_parts = (n + kTileDepth - 1) / kTileDepth;
  for (int t = 0; t < (n_tokens + kPair - 1) / kPair * kPair; t += kSide)
    for (int k = 0; k < n_parts; ++k) {
      V::Reg square[kSide];
      for (int i = 0; i < kSide; ++i) {
        alignas(64) float x[kTileDepth] = {};
        if (t + i < n_tokens) {
          const int n_there = n - k * kTileDepth < kTileDepth ? n - k * kTileDepth : kTileDepth;
          __builtin_memcpy(x, rows[t + i] + first + k * kTileDepth, sizeof(float) * static_cast<size_t>(n_there));
        }
        square[i] = _mm512_castsi512_ps(to_bf16(x));
      }
      V::transpose(square);
      for (int i = 0; i < kSide; ++i) V::store(reinterpret_cast<float*>(tiles[t / kSide][k].at[i]), square[i]);
    }
}

// Calls row(r, lines) for every row, lines[k * kSide] being where part k of it lies; rows that are not there are 0.
template <class Row>
inline void for_tile_rows(int n_rows, std::byte* panel, Row&& row) {
  constexpr int kParts = kPanelDepth / kTileDepth;
  auto* tiles = reinterpret_cast<TileLines*>(panel);
  for (int r = 0; r < kSquareRows; ++r) {
    TileLines* first = tiles + r / kSide * kParts;
    if (r < n_rows)
      row(r, first);
    else
      for (int k = 0; k < kParts; ++k) __builtin_memset(first[k].at[r % kSide], 0, sizeof first->at[0]);
  }
}

template <Decode decode>
void unpack_tiles(const std::byte* blocks, size_t row_bytes, int n_rows, int n, std::byte* panel) {
  alignas(64) float values[kPanelDepth] = {};
  for_tile_rows(n_rows, panel, [&](int r, TileLines* lines) {
    decode(blocks + static_cast<size_t>(r) * row_bytes, values, n);
    for (int k = 0; k * kTileDepth < n; ++k)
      _mm512_storeu_si512(lines[k].at[r % kSide], to_bf16(values + k * kTileDepth));
  });
}

// Sixteen codes that lie in one half of c, as weights.
template <class F, int kHalf>
inline V::Reg weights_of(B32 c, float scale, float min) {
  const __m128i codes = _mm256_extracti128_si256(reinterpret_cast<__m256i>(c), kHalf);
  const V::Reg w = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(codes)), V::broadcast(scale));
  return F::kHasMin ? V::sub(w, V::broadcast(min)) : w;
}

template <class F>
void unpack_tile_codes(const std::byte* blocks, size_t row_bytes, int n_rows, int n, std::byte* panel) {
  for_tile_rows(n_rows, panel, [&](int r, TileLines* lines) {
    Chunks<F> chunks(blocks + static_cast<size_t>(r) * row_bytes, n, true);
    for (int i = 0; i < n; i += kChunk) {
      const uint8_t* block = chunks.next();
      Scales s;
      F::scales(block, s);
      for_units([&](auto u) {
        constexpr auto kOffset = static_cast<uint8_t>(F::kOffset);
        constexpr int g0 = u * kUnit / F::kGroup, g1 = (u * kUnit + 16) / F::kGroup, g2 = (u * kUnit + 32) / F::kGroup,
                      g3 = (u * kUnit + 48) / F::kGroup;
        const Codes c = F::codes(block, u);
        const B32 first = c.first - kOffset, second = c.second - kOffset;
        const auto put = [&](int part, V::Reg low, V::Reg high) {
          _mm512_storeu_si512(lines[i / kTileDepth + 2 * u + part].at[r % kSide],
                              __builtin_bit_cast(__m512i, _mm512_cvtne2ps_pbh(high, low)));
        };
        put(0, weights_of<F, 0>(first, s.scale[g0], s.min[g0]), weights_of<F, 0>(second, s.scale[g1], s.min[g1]));
        put(1, weights_of<F, 1>(first, s.scale[g2], s.min[g2]), weights_of<F, 1>(second, s.scale[g3], s.min[g3]));
      });
    }
  });
}

struct TileShapes {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t n_rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
inline void configure_tiles() {
  const TileShapes shapes;
  asm volatile("" : : "r"(&shapes) : "memory");  // GCC 12 believes that eight bytes of it are read
  _tile_loadconfig(&shapes);
}

// acc += 32 rows by 32 tokens over n_parts of the depth. A register of tiles is loaded anew as soon as its last product
// has been begun, while others go on.
inline void multiply_square(const TileLines* w, const TileLines* x, int n_parts, float* acc) {
  constexpr int kParts = kPanelDepth / kTileDepth;
  constexpr int64_t kStride = kSquareTokens * sizeof(float), kLine = sizeof(TileLines::at[0]);
  float* const below = acc + kSide * kSquareTokens;
  const TileLines *const w1 = w + kParts, *const x1 = x + kParts;
  _tile_loadd(0, acc, kStride);
  _tile_loadd(1, acc + kSide, kStride);
  _tile_loadd(2, below, kStride);
  _tile_loadd(3, below + kSide, kStride);
  _tile_loadd(4, w[0].at, kLine);
  _tile_loadd(6, x[0].at, kLine);
  _tile_loadd(7, x1[0].at, kLine);
  for (int k = 0; k < n_parts; ++k) {
    const int next = k + 1 < n_parts ? k + 1 : k;
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, w1[k].at, kLine);
    _tile_loadd(4, w[next].at, kLine);
    _tile_dpbf16ps(2, 5, 6);
    _tile_loadd(6, x[next].at, kLine);
    _tile_dpbf16ps(3, 5, 7);
    _tile_loadd(7, x1[next].at, kLine);
  }
  _tile_stored(0, acc, kStride);
  _tile_stored(1, acc + kSide, kStride);
  _tile_stored(2, below, kStride);
  _tile_stored(3, below + kSide, kStride);
}

void multiply_tiles(const std::byte* panel, int n_rows, int n, const std::byte* tile, int n_tokens, float* acc) {
  const auto* w = reinterpret_cast<const TileLines*>(panel);
  const auto& x = *reinterpret_cast<const TokenTiles*>(tile);
  const int n_parts = (n + kTileDepth - 1) / kTileDepth;
  configure_tiles();
  for (int r = 0; r < n_rows; r += kPair)
    for (int t = 0; t < n_tokens; t += kPair)
      multiply_square(w + r / kSide * (kPanelDepth / kTileDepth), x[t / kSide], n_parts, acc + r * kSquareTokens + t);
  _tile_release();
}

// Two of the depth for sixteen tokens, as a line of a tile has them.
inline V::Reg pairs(V::Reg even, V::Reg odd) {
  const auto halves = [](V::Reg x) {
    return _mm512_cvtepu16_epi32(__builtin_bit_cast(__m256i, _mm512_cvtneps_pbh(x)));
  };
  return _mm512_castsi512_ps(_mm512_or_si512(halves(even), _mm512_slli_epi32(halves(odd), 16)));
}

// Thirty-two rows of the cache at a time: decoded, joined to pairs, and then turned.
template <Decode decode>
void unpack_tile_columns(const std::byte* blocks, size_t row_bytes, int first_row, int n_rows, int n_columns,
                         std::byte* panel) {
  constexpr int kParts = kPanelDepth / kTileDepth;
  auto* tiles = reinterpret_cast<TileLines*>(panel);
  alignas(64) float values[kTileDepth][kTileTokens];
  for (int first = 0; first < kTileTokens; first += kTileDepth) {
    __builtin_memset(values, 0, sizeof values);
    for (int r = first < first_row ? first_row : first; r < n_rows && r < first + kTileDepth; ++r)
      decode(blocks + static_cast<size_t>(r) * row_bytes, values[r - first], n_columns);
    for (int c = 0; c < kSquareRows; c += kSide) {
      V::Reg square[kSide];
      for (int i = 0; i < kSide; ++i) square[i] = pairs(V::load(values[2 * i] + c), V::load(values[2 * i + 1] + c));
      V::transpose(square);
      TileLines& lines = tiles[c / kSide * kParts + first / kTileDepth];
      for (int i = 0; i < kSide; ++i) V::store(reinterpret_cast<float*>(lines.at[i]), square[i]);
    }
  }
}

void weigh_tiles(float* scores, int n, int n_tokens, float scale, float* top, float* total, float* factor,
                 std::byte* tile) {
  auto& lines = *reinterpret_cast<TokenTiles*>(tile);
  for (int t = 0; t < (n_tokens + kPair - 1) / kPair * kPair; t += kSide) {
    const SoftmaxStep step(scores + t, kSquareTokens, n, scale, top + t);
    V::Reg sum = V::zero();
    for (int i = 0; i < n; i += 2) {
      const float* score = scores + i * kSquareTokens + t;
      const V::Reg even = step.weight(V::load(score)), odd = step.weight(V::load(score + kSquareTokens));
      sum = V::add(V::add(sum, even), odd);
      uint16_t* line = lines[t / kSide][i / kTileDepth].at[i % kTileDepth / 2];
      V::store(reinterpret_cast<float*>(line), pairs(even, odd));
    }
    step.store(sum, top + t, total + t, factor + t);
  }
}

// Products of ones: each step adds the depth of a tile to every sum.
float peak_of_tiles(int n_steps) {
  TileLines ones;
  for (auto& line : ones.at)
    for (uint16_t& one : line) one = f32_to_bf16(1);
  configure_tiles();
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_loadd(4, ones.at, sizeof ones.at[0]);
  _tile_loadd(6, ones.at, sizeof ones.at[0]);
  for (int i = 0; i < n_steps; ++i) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 6);
    _tile_dpbf16ps(2, 4, 6);
    _tile_dpbf16ps(3, 4, 6);
  }
  alignas(64) float sums[4][kSide * kSide];
  _tile_stored(0, sums[0], kSide * sizeof(float));
  _tile_stored(1, sums[1], kSide * sizeof(float));
  _tile_stored(2, sums[2], kSide * sizeof(float));
  _tile_stored(3, sums[3], kSide * sizeof(float));
  _tile_release();
  return sums[0][0] + sums[1][0] + sums[2][0] + sums[3][0];
}

constexpr PanelKernels bf16_panels() {
  PanelKernels k{kSquareRows,
                 kSquareTokens,
                 sizeof(TokenTiles),
                 sizeof(TileRow),
                 pack_tiles,
                 {},
                 store_sums<kSquareTokens>,
                 nullptr,
                 0};
  const auto set = [&](quant::BlockType type, Unpack unpack) {
    if (type != quant::BlockType::F32) k.formats[static_cast<size_t>(type)] = {unpack, multiply_tiles};
  };
#define FACET_CODE_FORMAT(type) set(quant::BlockType::type, unpack_tile_codes<type>);
#define FACET_FLOAT_FORMAT(type) set(quant::BlockType::type, unpack_tiles<decode_floats<type>>);
#define FACET_DECODED_FORMAT(type) set(quant::BlockType::type, unpack_tiles<decode_other<quant::BlockType::type>>);
#include "kernels/kernels.def"
#undef FACET_CODE_FORMAT
#undef FACET_FLOAT_FORMAT
#undef FACET_DECODED_FORMAT
  k.attention = {kPair,
                 sizeof(TileLines) / kTileDepth,
                 sizeof(TileLines) / kTileDepth,
                 {unpack_tile_columns<decode_floats<F32>>, unpack_tile_columns<decode_floats<F16>>,
                  unpack_tile_columns<decode_floats<BF16>>, unpack_tile_columns<decode_codes<Q8_0>>},
                 weigh_tiles,
                 false,
                 rescale_sums<kSquareTokens>};
  k.peak = peak_of_tiles;
  k.peak_operations = 4 * 2 * kSide * kSide * kTileDepth;
  return k;
}
