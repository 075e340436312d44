// Four lanes: 64-bit ARM without extensions, which every such CPU runs. Opens the namespace in which the generic
// kernels are then included; end.h closes it.
#include <arm_neon.h>

#include "kernels/generic/prelude.h"
#include "kernels/generic/target.h"
#include "kernels/sets.h"

#if defined(__clang__)
FACET_BEGIN_TARGET("neon")
#else
FACET_BEGIN_TARGET("arch=armv8-a")
#endif

namespace facet::kernels::neon {
namespace {

#include "kernels/generic/neon_values.inl"

struct V : Values {
  static constexpr float kTopCode = 32767;
  // Products of codes, a unit of 64 at a time, sixteen by sixteen as in Codes.
  struct Words {
    int16x8_t w[8];
  };
  template <bool kIsSigned>
  [[gnu::always_inline]] static inline Words words(const Codes& codes) {
    const uint8x16_t parts[4] = {half(codes.first.low), half(codes.first.high), half(codes.second.low),
                                 half(codes.second.high)};
    Words out;
    for (int i = 0; i < 4; ++i) {
      if constexpr (kIsSigned) {
        const int8x16_t p = vreinterpretq_s8_u8(parts[i]);
        out.w[2 * i] = vmovl_s8(vget_low_s8(p));
        out.w[2 * i + 1] = vmovl_high_s8(p);
      } else {
        out.w[2 * i] = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(parts[i])));
        out.w[2 * i + 1] = vreinterpretq_s16_u16(vmovl_high_u8(parts[i]));
      }
    }
    return out;
  }
  static inline void order(const int16_t* q, int16_t* out) {
    for (int part = 0; part < 4; ++part) __builtin_memcpy(out + 16 * part, q + kParts[part], 16 * sizeof *q);
  }
  // sum + the products of part `part` with its activations.
  [[gnu::always_inline]] static inline int32x4_t products(int32x4_t sum, const Words& w, const int16_t* x, int part) {
    for (int i = 2 * part; i < 2 * part + 2; ++i) {
      const int16x8_t a = vld1q_s16(x + 8 * i);
      sum = vmlal_s16(sum, vget_low_s16(w.w[i]), vget_low_s16(a));
      sum = vmlal_high_s16(sum, w.w[i], a);
    }
    return sum;
  }
  // acc += scale * (w . x) of unit u; the products of one lane are a sum of integers.
  template <int u>
  [[gnu::always_inline]] static inline void add_products(Reg& acc, const Words& w, const GroupScales<32>& s,
                                                         const int16_t* x) {
    constexpr int kLane = u % 2 * 2;
    const int32x4_t none = vdupq_n_s32(0), a = products(products(none, w, x, 0), w, x, 2),
                    b = products(products(none, w, x, 1), w, x, 3);
    acc = vfmaq_laneq_f32(acc, vcvtq_f32_s32(a), s.r[u / 2], kLane);
    acc = vfmaq_laneq_f32(acc, vcvtq_f32_s32(b), s.r[u / 2], kLane + 1);
  }
  template <int u>
  [[gnu::always_inline]] static inline void add_products(Reg& acc, const Words& w, const GroupScales<16>& s,
                                                         const int16_t* x) {
    const auto part = [&](int i) { return vcvtq_f32_s32(products(vdupq_n_s32(0), w, x, i)); };
    acc = vfmaq_laneq_f32(acc, part(0), s.r[u], 0);
    acc = vfmaq_laneq_f32(acc, part(2), s.r[u], 1);
    acc = vfmaq_laneq_f32(acc, part(1), s.r[u], 2);
    acc = vfmaq_laneq_f32(acc, part(3), s.r[u], 3);
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
  struct Words {
    int8x16_t w[4];
  };
  template <class F>
  [[gnu::always_inline]] static inline Words words(const Codes& codes) {
    const auto part = [](const B16& b) { return __builtin_bit_cast(int8x16_t, b); };
    return {part(codes.first.low), part(codes.first.high), part(codes.second.low), part(codes.second.high)};
  }
  // The products of a part, or of two, whose sums of four are no more than 16 bits hold.
  template <class F>
  [[gnu::always_inline]] static inline Reg products(const Words& w, const int8_t* x, int part) {
    return vcvtq_f32_s32(vpaddlq_s16(pairs(w, x, part)));
  }
  template <class F>
  [[gnu::always_inline]] static inline Reg products(const Words& w, const int8_t* x, int part, int other) {
    static_assert(2 * F::kLargest * 127 <= 32767);
    const int16x8_t sum = pairs(w, x, part);
    if constexpr (4 * F::kLargest * 127 <= 32767) {
      const int8x16_t a = vld1q_s8(x + 16 * other);
      const int16x8_t half = vmlal_s8(sum, vget_low_s8(w.w[other]), vget_low_s8(a));
      return vcvtq_f32_s32(vpaddlq_s16(vmlal_high_s8(half, w.w[other], a)));
    }
    return vcvtq_f32_s32(vpadalq_s16(vpaddlq_s16(sum), pairs(w, x, other)));
  }
  template <class F, int u>
  [[gnu::always_inline]] static inline void add_products(Reg& acc, const Words& w, const GroupScales<F::kGroup>& s,
                                                         const int8_t* x) {
    if constexpr (F::kGroup == 32) {
      acc = vfmaq_laneq_f32(acc, products<F>(w, x, 0, 2), s.r[u / 2], u % 2 * 2);
      acc = vfmaq_laneq_f32(acc, products<F>(w, x, 1, 3), s.r[u / 2], u % 2 * 2 + 1);
    } else {
      acc = vfmaq_laneq_f32(acc, products<F>(w, x, 0), s.r[u], 0);
      acc = vfmaq_laneq_f32(acc, products<F>(w, x, 2), s.r[u], 1);
      acc = vfmaq_laneq_f32(acc, products<F>(w, x, 1), s.r[u], 2);
      acc = vfmaq_laneq_f32(acc, products<F>(w, x, 3), s.r[u], 3);
    }
  }

 private:
  // Sums of two products.
  [[gnu::always_inline]] static inline int16x8_t pairs(const Words& w, const int8_t* x, int part) {
    const int8x16_t a = vld1q_s8(x + 16 * part);
    return vmlal_high_s8(vmull_s8(vget_low_s8(w.w[part]), vget_low_s8(a)), w.w[part], a);
  }
};

}  // namespace
