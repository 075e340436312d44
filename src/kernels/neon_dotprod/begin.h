// ARMv8.2's dot products of bytes (most CPUs since 2018), for products of codes; all else is kernels/neon/. Opens the
// target region and the namespace in which the generic kernels are then included; end.h closes both.
#include <arm_neon.h>

#include "kernels/generic/prelude.h"
#include "kernels/generic/target.h"
#include "kernels/sets.h"

#if defined(__clang__)
FACET_BEGIN_TARGET("dotprod")
#else
FACET_BEGIN_TARGET("arch=armv8.2-a+dotprod")
#endif

namespace facet::kernels::neon_dotprod {
namespace {

#include "kernels/generic/neon_values.inl"

struct V : Values {
  static constexpr int kCodeRows = 6, kCodeVectors = 4;
  // An activation is 256 * high + low, two bytes with signs: the largest is 127 * 256 + 127.
  static constexpr float kTopCode = 32639;
  // Products of codes, a unit of 64 at a time, sixteen by sixteen as in Codes. No code without a sign exceeds 127.
  struct Words {
    int8x16_t w[4];
  };
  template <bool kIsSigned>
  [[gnu::always_inline]] static inline Words words(const Codes& codes) {
    const auto part = [](const B16& b) { return __builtin_bit_cast(int8x16_t, b); };
    return {part(codes.first.low), part(codes.first.high), part(codes.second.low), part(codes.second.high)};
  }
  // For each sixteen their high bytes, then their low ones.
  static inline void order(const int16_t* q, int16_t* out) {
    for (int part = 0; part < 4; ++part) {
      const int16x8_t a = vld1q_s16(q + kParts[part]), b = vld1q_s16(q + kParts[part] + 8);
      const int8x16_t high = vrshrn_high_n_s16(vrshrn_n_s16(a, 8), b, 8), low = vmovn_high_s16(vmovn_s16(a), b);
      vst1q_s8(reinterpret_cast<int8_t*>(out + 16 * part), high);
      vst1q_s8(reinterpret_cast<int8_t*>(out + 16 * part + 8), low);
    }
  }
  // The products of some parts, added up by fours: of the high bytes first, which then count 256 times as much.
  template <class... Parts>
  [[gnu::always_inline]] static inline Reg products(const Words& w, const int16_t* x, Parts... parts) {
    const auto at = [x](int i) { return vld1q_s8(reinterpret_cast<const int8_t*>(x + 8 * i)); };
    int32x4_t sum = vdupq_n_s32(0);
    ((sum = dot(sum, w.w[parts], at(2 * parts))), ...);
    sum = vshlq_n_s32(sum, 8);
    ((sum = dot(sum, w.w[parts], at(2 * parts + 1))), ...);
    return vcvtq_f32_s32(sum);
  }
  // acc += scale * (w . x) of unit u; the products of one lane are a sum of integers.
  template <int u>
  [[gnu::always_inline]] static inline void add_products(Reg& acc, const Words& w, const GroupScales<32>& s,
                                                         const int16_t* x) {
    constexpr int kLane = u % 2 * 2;
    acc = vfmaq_laneq_f32(acc, products(w, x, 0, 2), s.r[u / 2], kLane);
    acc = vfmaq_laneq_f32(acc, products(w, x, 1, 3), s.r[u / 2], kLane + 1);
  }
  template <int u>
  [[gnu::always_inline]] static inline void add_products(Reg& acc, const Words& w, const GroupScales<16>& s,
                                                         const int16_t* x) {
    acc = vfmaq_laneq_f32(acc, products(w, x, 0), s.r[u], 0);
    acc = vfmaq_laneq_f32(acc, products(w, x, 2), s.r[u], 1);
    acc = vfmaq_laneq_f32(acc, products(w, x, 1), s.r[u], 2);
    acc = vfmaq_laneq_f32(acc, products(w, x, 3), s.r[u], 3);
  }

  // Panels of bytes: four a lane.
  static constexpr bool kCodesAreUnsigned = false, kSumsArePairs = false;
  using Ints = int32x4_t;
  static inline Ints no_ints() { return vdupq_n_s32(0); }
  static inline Ints load_ints(const void* p) { return vreinterpretq_s32_u8(bytes(p)); }
  static inline Ints broadcast_four(const void* p) {
    return vdupq_n_s32(static_cast<int>(quant::load_u32(static_cast<const uint8_t*>(p))));
  }
  static inline Ints add_fours(Ints sum, Ints codes, Ints x) {
    return dot(sum, vreinterpretq_s8_s32(codes), vreinterpretq_s8_s32(x));
  }
  static inline Ints times(Ints pairs, int) { return pairs; }  // codes keep their signs: there is nothing to take back
  static inline Ints whole(Ints sum) { return sum; }
  static inline Ints add_ints(Ints a, Ints b) { return vaddq_s32(a, b); }
  static inline Reg to_float(Ints x) { return vcvtq_f32_s32(x); }
  static inline void narrow(const int16_t* q, int8_t* out) {
    for (int i = 0; i < 32; i += 16)
      vst1q_s8(out + i, vmovn_high_s16(vmovn_s16(vld1q_s16(q + i)), vld1q_s16(q + i + 8)));
  }
  // In assembler: clang 14 has the intrinsic for files that are compiled for this extension as a whole.
  static inline int32x4_t dot(int32x4_t sum, int8x16_t a, int8x16_t b) {
    __asm__("sdot %0.4s, %1.16b, %2.16b" : "+w"(sum) : "w"(a), "w"(b));
    return sum;
  }
};

// Products of codes with activations of 8 bits, sixteen by sixteen as in Codes.
struct Int8 {
  using Reg = V::Reg;
  static inline void order(const int16_t* q, int8_t* out) { V::order_bytes(q, out); }
  static inline Reg zero() { return V::zero(); }
  static inline Reg add(Reg a, Reg b) { return V::add(a, b); }
  static inline float sum(Reg x) { return V::sum(x); }
  template <int kGroup>
  using GroupScales = V::GroupScales<kGroup>;
  using Words = V::Words;
  template <class F>
  [[gnu::always_inline]] static inline Words words(const Codes& codes) {
    return V::words<F::kIsSigned>(codes);
  }
  // The products of some parts, added up by fours.
  template <class... Parts>
  [[gnu::always_inline]] static inline Reg products(const Words& w, const int8_t* x, Parts... parts) {
    int32x4_t sum = vdupq_n_s32(0);
    ((sum = V::dot(sum, w.w[parts], vld1q_s8(x + 16 * parts))), ...);
    return vcvtq_f32_s32(sum);
  }
  template <class F, int u>
  [[gnu::always_inline]] static inline void add_products(Reg& acc, const Words& w, const GroupScales<F::kGroup>& s,
                                                         const int8_t* x) {
    if constexpr (F::kGroup == 32) {
      acc = vfmaq_laneq_f32(acc, products(w, x, 0, 2), s.r[u / 2], u % 2 * 2);
      acc = vfmaq_laneq_f32(acc, products(w, x, 1, 3), s.r[u / 2], u % 2 * 2 + 1);
    } else {
      acc = vfmaq_laneq_f32(acc, products(w, x, 0), s.r[u], 0);
      acc = vfmaq_laneq_f32(acc, products(w, x, 2), s.r[u], 1);
      acc = vfmaq_laneq_f32(acc, products(w, x, 1), s.r[u], 2);
      acc = vfmaq_laneq_f32(acc, products(w, x, 3), s.r[u], 3);
    }
  }
};

}  // namespace
