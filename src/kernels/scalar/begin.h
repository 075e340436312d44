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
  static constexpr int kLanes = 1, kPanelRows = 4, kCodeRows = 4, kCodeVectors = 2;
  static constexpr float kTopCode = 32767;  // of a rounded activation
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
  static float sum_of_eight(const Lanes8& x) {
    float sum = 0;
    for (int i = 0; i < 8; ++i) sum += x[i];
    return sum;
  }
  static void hold(Reg&) {}
  static void eight_sums(const Reg* x, float* out) {
    for (int i = 0; i < 8; ++i) out[i] = sum(x[i]);
  }
  // Products of codes, a unit of 64 at a time, in the order of the codes.
  struct Words {
    int16_t w[64];
  };
  template <bool kIsSigned>
  static Words words(const Codes& codes) {
    std::conditional_t<kIsSigned, int8_t, uint8_t> c[64];
    __builtin_memcpy(c, &codes, sizeof c);
    Words out;
    for (int i = 0; i < 64; ++i) out.w[i] = c[i];
    return out;
  }
  static void order(const int16_t* q, int16_t* out) {
    for (int part = 0; part < 4; ++part) __builtin_memcpy(out + 16 * part, q + kParts[part], 16 * sizeof *q);
  }
  static float largest(Reg x) { return x; }
  // q = x * factor to nearest, 32 of them.
  static void to_int16(const float* x, float factor, int16_t* q) {
    for (int i = 0; i < 32; ++i) q[i] = static_cast<int16_t>(round(x[i] * factor));
  }
  // Of 32 numbers, what the first 16 come to and what the others do.
  static void sums_of_16(const int16_t* q, int* sums) {
    sums[0] = sums[1] = 0;
    for (int i = 0; i < 32; ++i) sums[i / 16] += q[i];
  }
  template <int kGroup>
  struct GroupScales {
    float s[256 / kGroup];
    GroupScales() {}
    explicit GroupScales(const Lanes8* from) { __builtin_memcpy(s, from, sizeof s); }
  };
  // acc += scale * (w . x) of unit u, group by group.
  template <int u, int kGroup>
  static void add_products(Reg& acc, const Words& w, const GroupScales<kGroup>& s, const int16_t* x) {
    int32_t sums[64 / kGroup] = {};
    for (int i = 0; i < 64; ++i) sums[(kParts[i / 16] + i % 16) / kGroup] += w.w[i] * x[i];
    for (int g = 0; g < 64 / kGroup; ++g) acc += static_cast<float>(sums[g]) * s.s[u * 64 / kGroup + g];
  }
  static void store_natural(const Codes& c, int8_t* out) {
    int8_t codes[64];
    __builtin_memcpy(codes, &c, sizeof codes);
    for (int part = 0; part < 4; ++part) __builtin_memcpy(out + kParts[part], codes + 16 * part, 16);
  }
  static void store_natural16(const Codes& c, int16_t* out) {
    int8_t codes[64];
    store_natural(c, codes);
    for (int i = 0; i < 64; ++i) out[i] = codes[i];
  }
  // Panels: each lane has two elements of 16 bits.
  using Ints = int32_t;
  static Ints no_ints() { return 0; }
  static Ints load_ints(const void* p) {
    Ints x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
  }
  static Ints broadcast_four(const void* p) { return load_ints(p); }
  static Ints add_pairs(Ints sum, Ints a, Ints b) {
    int16_t x[2], y[2];
    __builtin_memcpy(x, &a, sizeof x);
    __builtin_memcpy(y, &b, sizeof y);
    const auto product = [&](int i) { return static_cast<uint32_t>(int32_t{x[i]} * y[i]); };
    return static_cast<Ints>(static_cast<uint32_t>(sum) + product(0) + product(1));  // wraps, as in every set
  }
  static Reg to_float(Ints x) { return static_cast<float>(x); }
  // Panels of bytes: four a lane.
  static constexpr bool kCodesAreUnsigned = false, kSumsArePairs = false;
  static Ints add_fours(Ints sum, Ints codes, Ints x) {
    int8_t a[4], b[4];
    __builtin_memcpy(a, &codes, sizeof a);
    __builtin_memcpy(b, &x, sizeof b);
    for (int i = 0; i < 4; ++i) sum += a[i] * b[i];
    asm("" : "+r"(sum));  // steps of `peak` are not to be foreseen
    return sum;
  }
  static Ints times(Ints pairs, int) { return pairs; }  // codes keep their signs: there is nothing to take back
  static Ints whole(Ints sum) { return sum; }
  static Ints add_ints(Ints a, Ints b) { return a + b; }
  static void narrow(const int16_t* q, int8_t* out) {
    for (int i = 0; i < 32; ++i) out[i] = static_cast<int8_t>(q[i]);
  }
  static void transpose(Reg (&)[1]) {}
  // Eight halves, kStride bytes apart.
  template <int kStride>
  static void eight_halves(const uint8_t* p, float* out) {
    for (int i = 0; i < 8; ++i) out[i] = quant::load_f16(p + i * kStride);
  }
  // 16 bytes at a, 16 bytes at b.
  static B32 join(const uint8_t* a, const uint8_t* b) {
    return bytes([=](int i) { return i < 16 ? a[i] : b[i - 16]; });
  }
  // 16 bytes, and the same shifted right by n.
  static B32 twice(const uint8_t* p, int n) {
    return bytes([=](int i) { return i < 16 ? p[i] : p[i - 16] >> n; });
  }
  // Byte i = 16 where bit i of 32 is set, else 0.
  static B32 fifth_bits(uint32_t bits) {
    return bytes([bits](int i) { return ((bits >> i) & 1) << 4; });
  }
  // Each nibble's entry of a table of 16.
  static B32 lookup(const B32& nibbles, const int8_t* table) {
    uint8_t index[32];
    __builtin_memcpy(index, &nibbles, sizeof index);
    return bytes([&](int i) { return table[index[i]]; });
  }
  // Eights of bytes, of a and of b by turns: the even ones, the odd ones.
  static B32 even_eights(const B32& a, const B32& b) {
    return bytes([&](int i) { return i / 8 % 2 == 0 ? a[i / 16 * 16 + i % 8] : b[i / 16 * 16 + i % 8]; });
  }
  static B32 odd_eights(const B32& a, const B32& b) {
    return bytes([&](int i) { return i / 8 % 2 == 0 ? a[i / 16 * 16 + 8 + i % 8] : b[i / 16 * 16 + 8 + i % 8]; });
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

// Products of codes with activations of 8 bits, in the order of the codes.
struct Int8 {
  using Reg = float;
  static Reg zero() { return 0; }
  static Reg add(Reg a, Reg b) { return a + b; }
  static float sum(Reg x) { return x; }
  template <int kGroup>
  using GroupScales = V::GroupScales<kGroup>;
  using Words = V::Words;
  template <class F>
  static Words words(const Codes& codes) {
    return V::words<F::kIsSigned>(codes);
  }
  template <class F, int u>
  static void add_products(Reg& acc, const Words& w, const GroupScales<F::kGroup>& s, const int8_t* x) {
    int16_t widened[64];
    for (int i = 0; i < 64; ++i) widened[i] = x[i];
    V::add_products<u>(acc, w, s, widened);
  }
  static void order(const int16_t* q, int8_t* out) {
    for (int i = 0; i < 64; ++i) out[i] = static_cast<int8_t>(q[kParts[i / 16] + i % 16]);
  }
};

inline float f16(const uint8_t* p) { return quant::load_f16(p); }

}  // namespace
