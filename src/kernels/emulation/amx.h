// Intrinsics of AMX (tiles, bf16 and int8) on a thread's eight tiles in memory. Used as avx512.h is, and together with
// it: kernels that multiply tiles load and convert with AVX-512.
#pragma once

#include "kernels/emulation/avx512.h"

#define amx amx_emulated

// Macros in every compiler.
#undef _tile_loadconfig
#undef _tile_release
#undef _tile_zero
#undef _tile_loadd
#undef _tile_stream_loadd
#undef _tile_stored
#undef _tile_dpbf16ps
#undef _tile_dpbssd
#undef _tile_dpbsud
#undef _tile_dpbusd
#undef _tile_dpbuud

FACET_BEGIN_TARGET("")
namespace facet::kernels {

// The memory operand of _tile_loadconfig: palette 1, then bytes of a row and rows of each tile.
struct TileConfig {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t n_rows[16];
};
static_assert(sizeof(TileConfig) == 64);

struct Tiles {
  TileConfig config;
  alignas(64) uint8_t data[8][16][64];
};
inline thread_local Tiles tiles{};

inline void _tile_loadconfig(const void* config) {
  tiles = {};
  __builtin_memcpy(&tiles.config, config, sizeof tiles.config);
}
inline void _tile_release() { tiles = {}; }
inline void _tile_zero(int tile) { __builtin_memset(tiles.data[tile], 0, sizeof tiles.data[tile]); }
// What lies beyond the configured rows and bytes is 0.
inline void _tile_loadd(int tile, const void* base, int64_t stride) {
  _tile_zero(tile);
  for (int r = 0; r < tiles.config.n_rows[tile]; ++r)
    __builtin_memcpy(tiles.data[tile][r], static_cast<const char*>(base) + r * stride, tiles.config.row_bytes[tile]);
}
inline void _tile_stream_loadd(int tile, const void* base, int64_t stride) { _tile_loadd(tile, base, stride); }
inline void _tile_stored(int tile, void* base, int64_t stride) {
  for (int r = 0; r < tiles.config.n_rows[tile]; ++r)
    __builtin_memcpy(static_cast<char*>(base) + r * stride, tiles.data[tile][r], tiles.config.row_bytes[tile]);
}

// c[m][n] += products(row m of a from k on, row k of b from n on), k < rows of b: each 4 bytes of a against 4 of b.
template <class T, class Product>
inline void multiply_tiles(int c, int a, int b, Product&& product) {
  for (int m = 0; m < tiles.config.n_rows[c]; ++m)
    for (int n = 0; n < tiles.config.row_bytes[c] / 4; ++n) {
      T sum;
      __builtin_memcpy(&sum, &tiles.data[c][m][4 * n], sizeof sum);
      sum = product(sum, tiles.data[a][m], &tiles.data[b][0][4 * n], tiles.config.row_bytes[a] / 4);
      __builtin_memcpy(&tiles.data[c][m][4 * n], &sum, sizeof sum);
    }
}
template <class A, class B>
inline void multiply_bytes(int c, int a, int b) {
  multiply_tiles<uint32_t>(c, a, b, [](uint32_t sum, const uint8_t* x, const uint8_t* y, int n) {
    for (int k = 0; k < n; ++k)
      for (int i = 0; i < 4; ++i)
        sum += static_cast<uint32_t>(static_cast<A>(x[4 * k + i]) * static_cast<B>(y[64 * k + i]));
    return sum;
  });
}
inline void _tile_dpbssd(int c, int a, int b) { multiply_bytes<int8_t, int8_t>(c, a, b); }
inline void _tile_dpbsud(int c, int a, int b) { multiply_bytes<int8_t, uint8_t>(c, a, b); }
inline void _tile_dpbusd(int c, int a, int b) { multiply_bytes<uint8_t, int8_t>(c, a, b); }
inline void _tile_dpbuud(int c, int a, int b) { multiply_bytes<uint8_t, uint8_t>(c, a, b); }
// Even and odd products are summed apart.
inline void _tile_dpbf16ps(int c, int a, int b) {
  multiply_tiles<float>(c, a, b, [](float sum, const uint8_t* x, const uint8_t* y, int n) {
    float parts[2] = {0, 0};
    for (int k = 0; k < n; ++k)
      for (int i = 0; i < 2; ++i) {
        uint16_t p, q;
        __builtin_memcpy(&p, x + 4 * k + 2 * i, sizeof p);
        __builtin_memcpy(&q, y + 64 * k + 2 * i, sizeof q);
        parts[i] = add_flushed(parts[i], p, q);
      }
    return flushed(flushed(sum) + flushed(parts[0] + parts[1]));
  });
}

}  // namespace facet::kernels
FACET_END_TARGET
