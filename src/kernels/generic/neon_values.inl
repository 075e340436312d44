// What every set of 64-bit ARM shares: floats, and bytes of codes. Four lanes of the baseline, ARMv8.0.

struct Values {
  using Reg = float32x4_t;
  static constexpr int kLanes = 4, kPanelRows = 8;
  static inline Reg zero() { return vdupq_n_f32(0); }
  static inline Reg broadcast(float x) { return vdupq_n_f32(x); }
  static inline Reg load(const float* p) { return vreinterpretq_f32_u8(bytes(p)); }  // at any address
  static inline void store(float* p, Reg x) { vst1q_u8(reinterpret_cast<uint8_t*>(p), vreinterpretq_u8_f32(x)); }
  static inline Reg load_f16(const std::byte* p) { return vcvt_f32_f16(vreinterpret_f16_u8(eight_bytes(p))); }
  static inline Reg load_bf16(const std::byte* p) {
    return vreinterpretq_f32_u32(vshlq_n_u32(vmovl_u16(vreinterpret_u16_u8(eight_bytes(p))), 16));
  }
  static inline void store_f16(std::byte* p, Reg x) {
    vst1_u8(reinterpret_cast<uint8_t*>(p), vreinterpret_u8_f16(vcvt_f16_f32(x)));
  }
  static inline Reg from_int8(const int8_t* p) {
    uint32_t four;
    __builtin_memcpy(&four, p, sizeof four);
    const int8x8_t x = vreinterpret_s8_u32(vdup_n_u32(four));
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(x))));
  }
  static inline Reg add(Reg a, Reg b) { return vaddq_f32(a, b); }
  static inline Reg sub(Reg a, Reg b) { return vsubq_f32(a, b); }
  static inline Reg mul(Reg a, Reg b) { return vmulq_f32(a, b); }
  static inline Reg div(Reg a, Reg b) { return vdivq_f32(a, b); }
  static inline Reg fma(Reg a, Reg b, Reg c) { return vfmaq_f32(c, a, b); }
  // No number if one of them is none.
  static inline Reg min(Reg a, Reg b) { return vminq_f32(a, b); }
  static inline Reg max(Reg a, Reg b) { return vmaxq_f32(a, b); }
  static inline Reg round(Reg x) { return vrndnq_f32(x); }
  // y, but 0 where x < limit.
  static inline Reg zero_below(Reg limit, Reg x, Reg y) {
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(y), vcltq_f32(x, limit)));
  }
  // n is whole and within the range of normal exponents.
  static inline Reg scale_by_power_of_two(Reg x, Reg n) {
    const int32x4_t exponent = vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127)), 23);
    return vmulq_f32(x, vreinterpretq_f32_s32(exponent));
  }
  static inline float sum(Reg x) { return vaddvq_f32(x); }
  static inline float sum_of_eight(const Lanes8& x) {
    return vaddvq_f32(__builtin_bit_cast(Reg, x.low) + __builtin_bit_cast(Reg, x.high));
  }
  static inline void hold(Reg&) {}
  static inline void eight_sums(const Reg* x, float* out) {
    for (int i = 0; i < 8; ++i) out[i] = sum(x[i]);
  }
  static inline float largest(Reg x) { return vmaxvq_f32(x); }
  // q = x * factor to nearest, 32 of them.
  static inline void to_int16(const float* x, float factor, int16_t* q) {
    const auto at = [&](int i) { return vqmovn_s32(vcvtnq_s32_f32(vmulq_n_f32(load(x + i), factor))); };
    for (int i = 0; i < 32; i += 8) vst1q_s16(q + i, vcombine_s16(at(i), at(i + 4)));
  }
  // Of 32 numbers, what the first 16 come to and what the others do.
  static inline void sums_of_16(const int16_t* q, int* sums) {
    for (int i = 0; i < 2; ++i) sums[i] = vaddlvq_s16(vld1q_s16(q + 16 * i)) + vaddlvq_s16(vld1q_s16(q + 16 * i + 8));
  }
  // 64 rounded elements to bytes, in the order of Codes.
  static inline void order_bytes(const int16_t* q, int8_t* out) {
    for (int part = 0; part < 4; ++part) {
      const int16_t* from = q + kParts[part];
      vst1q_s8(out + 16 * part, vmovn_high_s16(vmovn_s16(vld1q_s16(from)), vld1q_s16(from + 8)));
    }
  }
  // Rows and columns of a square change places.
  static inline void transpose(Reg (&r)[4]) {
    const float32x4x2_t even = vzipq_f32(r[0], r[2]), odd = vzipq_f32(r[1], r[3]);
    for (int i = 0; i < 2; ++i) {
      const float32x4x2_t both = vzipq_f32(even.val[i], odd.val[i]);
      r[2 * i] = both.val[0];
      r[2 * i + 1] = both.val[1];
    }
  }
  // Scales of a chunk's groups, four to a register.
  template <int kGroup>
  struct GroupScales {
    Reg r[64 / kGroup];
    GroupScales() {}
    explicit GroupScales(const Lanes8* s) { __builtin_memcpy(r, s, sizeof r); }
  };

  static inline uint8x16_t bytes(const void* p) { return vld1q_u8(static_cast<const uint8_t*>(p)); }
  // Weights in the order of their numbers.
  static inline void store_natural(const Codes& c, int8_t* out) {
    const B16 parts[4] = {c.first.low, c.second.low, c.first.high, c.second.high};
    __builtin_memcpy(out, parts, sizeof parts);
  }
  // Eight halves, kStride bytes apart.
  template <int kStride>
  static inline void eight_halves(const uint8_t* p, float* out) {
    // In a general register: halves inserted one by one pass through memory in GCC 12.
    const auto half = [=](int i) { return uint64_t{quant::load_u16(p + i * kStride)}; };
    for (int i = 0; i < 8; i += 4) {
      const uint64_t four = half(i) | half(i + 1) << 16 | half(i + 2) << 32 | half(i + 3) << 48;
      store(out + i, vcvt_f32_f16(vreinterpret_f16_u64(vdup_n_u64(four))));
    }
  }
  // 16 bytes at a, 16 bytes at b.
  static inline B32 join(const uint8_t* a, const uint8_t* b) { return pair(bytes(a), bytes(b)); }
  // 16 bytes, and the same shifted right by n: what crosses between bytes is masked by the caller.
  static inline B32 twice(const uint8_t* p, int n) {
    const uint8x16_t q = bytes(p);
    const uint16x8_t moved = vshlq_u16(vreinterpretq_u16_u8(q), vdupq_n_s16(static_cast<int16_t>(-n)));
    return pair(q, vreinterpretq_u8_u16(moved));
  }
  // Byte i = 16 where bit i of 32 is set, else 0.
  static inline B32 fifth_bits(uint32_t bits) {
    const uint8x16_t bit = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201u));
    const auto set = [&](uint32_t b) {
      const uint8x16_t spread =
          vcombine_u8(vdup_n_u8(static_cast<uint8_t>(b)), vdup_n_u8(static_cast<uint8_t>(b >> 8)));
      return vandq_u8(vtstq_u8(spread, bit), vdupq_n_u8(16));
    };
    return pair(set(bits), set(bits >> 16));
  }
  // Each nibble's entry of a table of 16.
  static inline B32 lookup(const B32& nibbles, const int8_t* table) {
    const uint8x16_t t = bytes(table);
    return pair(vqtbl1q_u8(t, half(nibbles.low)), vqtbl1q_u8(t, half(nibbles.high)));
  }
  // Eights of bytes, of a and of b by turns: the even ones, the odd ones.
  static inline B32 even_eights(const B32& a, const B32& b) {
    return pair(eights<0>(half(a.low), half(b.low)), eights<0>(half(a.high), half(b.high)));
  }
  static inline B32 odd_eights(const B32& a, const B32& b) {
    return pair(eights<1>(half(a.low), half(b.low)), eights<1>(half(a.high), half(b.high)));
  }
  static inline uint8x16_t half(const B16& b) { return __builtin_bit_cast(uint8x16_t, b); }

 private:
  static inline B32 pair(uint8x16_t low, uint8x16_t high) {
    return {__builtin_bit_cast(B16, low), __builtin_bit_cast(B16, high)};
  }
  template <int i>
  static inline uint8x16_t eights(uint8x16_t a, uint8x16_t b) {
    const uint64x2_t x = vreinterpretq_u64_u8(a), y = vreinterpretq_u64_u8(b);
    return vreinterpretq_u8_u64(i == 0 ? vzip1q_u64(x, y) : vzip2q_u64(x, y));
  }
  static inline uint8x8_t eight_bytes(const std::byte* p) { return vld1_u8(reinterpret_cast<const uint8_t*>(p)); }
};

inline float f16(const uint8_t* p) {
  return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(quant::load_u16(p)))), 0);
}
