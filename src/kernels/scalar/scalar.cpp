// One lane: what every CPU runs, and what the vector sets are tested against.
#include <cmath>

#include "kernels/generic/prelude.h"
#include "kernels/sets.h"

namespace facet::kernels {
namespace {

struct V {
  using Reg = float;
  static constexpr int kLanes = 1, kPanelRows = 4;
  static Reg zero() { return 0; }
  static Reg broadcast(float x) { return x; }
  static Reg load(const float* p) { return *p; }
  static void store(float* p, Reg x) { *p = x; }
  static Reg load_f16(const std::byte* p) { return quant::load_f16(reinterpret_cast<const uint8_t*>(p)); }
  static Reg load_bf16(const std::byte* p) { return bf16_to_f32(quant::load_u16(reinterpret_cast<const uint8_t*>(p))); }
  static void store_f16(std::byte* p, Reg x) {
    const uint16_t h = f32_to_f16(x);
    __builtin_memcpy(p, &h, sizeof h);
  }
  static Reg from_int8(const int8_t* p) { return *p; }
  static Reg add(Reg a, Reg b) { return a + b; }
  static Reg sub(Reg a, Reg b) { return a - b; }
  static Reg mul(Reg a, Reg b) { return a * b; }
  static Reg div(Reg a, Reg b) { return a / b; }
  static Reg fma(Reg a, Reg b, Reg c) { return a * b + c; }  // two roundings: a fused one is a library call without FMA
  static Reg min(Reg a, Reg b) { return a < b ? a : b; }
  static Reg max(Reg a, Reg b) { return a > b ? a : b; }
  static Reg round(Reg x) { return std::nearbyintf(x); }
  static Reg zero_below(Reg limit, Reg x, Reg y) { return x < limit ? 0 : y; }
  static Reg scale_by_power_of_two(Reg x, Reg n) { return std::ldexp(x, static_cast<int>(n)); }
  static float sum(Reg x) { return x; }
  // out[i] = 16 where bit i of 32 is set, else 0.
  static void fifth_bits(const uint8_t* bits, uint8_t* out) {
    for (int i = 0; i < 32; ++i) out[i] = static_cast<uint8_t>(((bits[i / 8] >> (i % 8)) & 1) << 4);
  }
  // codes[i], codes[n + i] = table[low and high nibble of packed[i]]
  static void lookup16(const uint8_t* packed, int n, const int8_t* table, int8_t* codes) {
    for (int i = 0; i < n; ++i) codes[i] = table[packed[i] & 15];
    for (int i = 0; i < n; ++i) codes[n + i] = table[packed[i] >> 4];
  }
};

inline float f16(const uint8_t* p) { return quant::load_f16(p); }

// In the order in which they need each other.
// clang-format off
#include "kernels/generic/vectors.inl"
#include "kernels/generic/codes.inl"
#include "kernels/generic/matvec.inl"
#include "kernels/generic/panel.inl"
#include "kernels/generic/attention.inl"
#include "kernels/generic/table.inl"
// clang-format on

constinit const Kernels kTable = make_table("scalar");

}  // namespace

const Kernels& scalar_kernels() { return kTable; }

}  // namespace facet::kernels
