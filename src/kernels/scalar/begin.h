// One lane: what every CPU runs, and what the vector sets are tested against. Opens the namespace in which the generic
// kernels are then included; end.h closes it.
#include <cmath>

#include "kernels/generic/prelude.h"
#include "kernels/sets.h"

// Nobody waits for this set but its compiler.
#if !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("O1")
#endif

namespace facet::kernels::scalar {
namespace {

struct V {
  using Reg = float;
  static constexpr int kLanes = 1, kPanelRows = 4;
  static Reg zero() { return 0; }
  static Reg broadcast(float x) { return x; }
  static Reg load(const float* p) {  // anywhere, as in every set: weights of a file may lie at odd addresses
    float x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
  }
  static void store(float* p, Reg x) { __builtin_memcpy(p, &x, sizeof x); }
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
  static Reg scale_by_power_of_two(Reg x, Reg n) { return n == n ? std::ldexp(x, static_cast<int>(n)) : x * n; }
  static float sum(Reg x) { return x; }
  // Products of codes, 32 at a time, in their natural order.
  struct Pairs {
    int16_t codes[32];
  };
  template <bool kIsSigned>
  static Pairs pairs(B32 codes) {
    std::conditional_t<kIsSigned, int8_t, uint8_t> c[32];
    __builtin_memcpy(c, &codes, sizeof c);
    Pairs p;
    for (int i = 0; i < 32; ++i) p.codes[i] = c[i];
    return p;
  }
  static void order(const int16_t* q, int16_t* out) { __builtin_memcpy(out, q, 32 * sizeof *q); }
  // acc += scale * (w . x), group by group.
  template <int kGroup>
  static void add_product(Reg& acc, const Pairs& w, const float* scale, const int16_t* x) {
    for (int g = 0; g < 32; g += kGroup) {
      int32_t sum = 0;
      for (int i = g; i < g + kGroup; ++i) sum += w.codes[i] * x[i];
      acc += static_cast<float>(sum) * scale[g / kGroup];
    }
  }
  // Eight halves, `stride` bytes apart.
  static void eight_halves(const uint8_t* p, int stride, float* out) {
    for (int i = 0; i < 8; ++i) out[i] = quant::load_f16(p + i * stride);
  }
  // 16 bytes -> their low nibbles, then their high ones.
  static B32 nibbles(const uint8_t* p) {
    return bytes([p](int i) { return i < 16 ? p[i] & 15 : p[i - 16] >> 4; });
  }
  // Byte i = 16 where bit i of 32 is set, else 0.
  static B32 fifth_bits(const uint8_t* bits) {
    return bytes([bits](int i) { return ((bits[i / 8] >> (i % 8)) & 1) << 4; });
  }
  // Each nibble's entry of a table of 16.
  static B32 lookup(B32 nibbles, const int8_t* table) {
    uint8_t index[32];
    __builtin_memcpy(index, &nibbles, sizeof index);
    return bytes([&](int i) { return table[index[i]]; });
  }

 private:
  template <class Byte>
  static B32 bytes(Byte&& byte) {
    uint8_t out[32];
    for (int i = 0; i < 32; ++i) out[i] = static_cast<uint8_t>(byte(i));
    B32 b;
    __builtin_memcpy(&b, out, sizeof b);
    return b;
  }
};

inline float f16(const uint8_t* p) { return quant::load_f16(p); }

}  // namespace
