// Eight lanes: AVX2 with FMA and F16C (Intel since 2013, AMD since 2015). Opens the target region and the namespace in
// which the generic kernels are then included; end.h closes both.
#include <immintrin.h>

#include "kernels/generic/prelude.h"
#include "kernels/generic/target.h"
#include "kernels/sets.h"

FACET_BEGIN_TARGET("avx2,fma,f16c")

namespace facet::kernels::avx2 {
namespace {

struct V {
  using Reg = __m256;
  static constexpr int kLanes = 8, kPanelRows = 4;
  static inline Reg zero() { return _mm256_setzero_ps(); }
  static inline Reg broadcast(float x) { return _mm256_set1_ps(x); }
  static inline Reg load(const float* p) { return _mm256_loadu_ps(p); }
  static inline void store(float* p, Reg x) { _mm256_storeu_ps(p, x); }
  static inline Reg load_f16(const std::byte* p) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static inline Reg load_bf16(const std::byte* p) {
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))), 16));
  }
  static inline void store_f16(std::byte* p, Reg x) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
  }
  static inline Reg from_int8(const int8_t* p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
  }
  static inline Reg add(Reg a, Reg b) { return _mm256_add_ps(a, b); }
  static inline Reg sub(Reg a, Reg b) { return _mm256_sub_ps(a, b); }
  static inline Reg mul(Reg a, Reg b) { return _mm256_mul_ps(a, b); }
  static inline Reg div(Reg a, Reg b) { return _mm256_div_ps(a, b); }
  static inline Reg fma(Reg a, Reg b, Reg c) { return _mm256_fmadd_ps(a, b, c); }
  static inline Reg min(Reg a, Reg b) { return _mm256_min_ps(a, b); }
  static inline Reg max(Reg a, Reg b) { return _mm256_max_ps(a, b); }
  static inline Reg round(Reg x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  // y, but 0 where x < limit.
  static inline Reg zero_below(Reg limit, Reg x, Reg y) {
    return _mm256_and_ps(y, _mm256_cmp_ps(x, limit, _CMP_NLT_UQ));
  }
  // n is whole and within the range of normal exponents.
  static inline Reg scale_by_power_of_two(Reg x, Reg n) {
    const __m256i exponent = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    return _mm256_mul_ps(x, _mm256_castsi256_ps(exponent));
  }
  static inline float sum(Reg x) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
  }
  // Products of codes, 32 at a time. Bytes become pairs of bytes where they lie, even ones and odd ones: no weight has
  // to cross from one half of a register to the other, and activations come in that order.
  struct Pairs {
    __m256i even, odd;
  };
  template <bool kIsSigned>
  static inline Pairs pairs(B32 codes) {
    const auto c = reinterpret_cast<__m256i>(codes);
    if constexpr (kIsSigned) return {_mm256_srai_epi16(_mm256_slli_epi16(c, 8), 8), _mm256_srai_epi16(c, 8)};
    return {_mm256_and_si256(c, _mm256_set1_epi16(255)), _mm256_srli_epi16(c, 8)};
  }
  static inline void order(const int16_t* q, int16_t* out) {
    for (int i = 0; i < 16; ++i) {
      out[i] = q[2 * i];
      out[16 + i] = q[2 * i + 1];
    }
  }
  template <int kGroup>
  static inline Reg scale_of(const float* s) {
    if constexpr (kGroup == 32) return broadcast(*s);
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_broadcast_ss(s)), _mm_broadcast_ss(s + 1), 1);
  }
  // acc += scale * (w . x). A lane's four products are a sum below 2^24: exact as a float.
  template <int kGroup>
  static inline void add_product(Reg& acc, const Pairs& w, const float* scale, const int16_t* x) {
    const auto at = [x](int i) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i)); };
    const __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(w.even, at(0)), _mm256_madd_epi16(w.odd, at(16)));
    acc = fma(_mm256_cvtepi32_ps(sum), scale_of<kGroup>(scale), acc);
  }
  // Eight halves, `stride` bytes apart.
  static inline void eight_halves(const uint8_t* p, int stride, float* out) {
    const auto at = [&](int i) { return static_cast<int16_t>(quant::load_u16(p + i * stride)); };
    const __m128i h = _mm_setr_epi16(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7));
    _mm256_storeu_ps(out, _mm256_cvtph_ps(h));
  }
  // 16 bytes -> their low nibbles, then their high ones.
  static inline B32 nibbles(const uint8_t* p) {
    const __m256i q = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    const __m256i shifted = _mm256_srlv_epi32(q, _mm256_setr_epi32(0, 0, 0, 0, 4, 4, 4, 4));
    return reinterpret_cast<B32>(_mm256_and_si256(shifted, _mm256_set1_epi8(15)));
  }
  // Byte i = 16 where bit i of 32 is set, else 0.
  static inline B32 fifth_bits(const uint8_t* bits) {
    const __m256i spread = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,  //
                                            2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
    const __m256i bit = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201u));
    const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(quant::load_u32(bits))), spread);
    const __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit);
    return reinterpret_cast<B32>(_mm256_and_si256(set, _mm256_set1_epi8(16)));
  }
  // Each nibble's entry of a table of 16.
  static inline B32 lookup(B32 nibbles, const int8_t* table) {
    const __m256i t = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
    return reinterpret_cast<B32>(_mm256_shuffle_epi8(t, reinterpret_cast<__m256i>(nibbles)));
  }
};

inline float f16(const uint8_t* p) { return _cvtsh_ss(quant::load_u16(p)); }

}  // namespace
