// Sixteen lanes: AVX-512 F, BW, DQ and VL (Intel since Skylake-SP, AMD since Zen 4). Opens the target region and
// the namespace in which the generic kernels are then included; end.h closes both.
#include <immintrin.h>

#include "kernels/generic/prelude.h"
#include "kernels/generic/target.h"
#include "kernels/sets.h"

FACET_BEGIN_TARGET("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")
#if !defined(__clang__)
#pragma GCC target("prefer-vector-width=512")
// GCC 12 takes the deliberately undefined operands inside its own intrinsics for mistakes.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

namespace facet::kernels::avx512 {
namespace {

struct V {
  using Reg = __m512;
  static constexpr int kLanes = 16, kPanelRows = 8;
  static inline Reg zero() { return _mm512_setzero_ps(); }
  static inline Reg broadcast(float x) { return _mm512_set1_ps(x); }
  static inline Reg load(const float* p) { return _mm512_loadu_ps(p); }
  static inline void store(float* p, Reg x) { _mm512_storeu_ps(p, x); }
  static inline Reg load_f16(const std::byte* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static inline Reg load_bf16(const std::byte* p) {
    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))), 16));
  }
  static inline void store_f16(std::byte* p, Reg x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
  }
  static inline Reg from_int8(const int8_t* p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
  }
  static inline Reg add(Reg a, Reg b) { return _mm512_add_ps(a, b); }
  static inline Reg sub(Reg a, Reg b) { return _mm512_sub_ps(a, b); }
  static inline Reg mul(Reg a, Reg b) { return _mm512_mul_ps(a, b); }
  static inline Reg div(Reg a, Reg b) { return _mm512_div_ps(a, b); }
  static inline Reg fma(Reg a, Reg b, Reg c) { return _mm512_fmadd_ps(a, b, c); }
  static inline Reg min(Reg a, Reg b) { return _mm512_min_ps(a, b); }
  static inline Reg max(Reg a, Reg b) { return _mm512_max_ps(a, b); }
  static inline Reg round(Reg x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  // y, but 0 where x < limit.
  static inline Reg zero_below(Reg limit, Reg x, Reg y) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, limit, _CMP_NLT_UQ), y);
  }
  static inline Reg scale_by_power_of_two(Reg x, Reg n) { return _mm512_scalef_ps(x, n); }
  static inline float sum(Reg x) { return _mm512_reduce_add_ps(x); }
  // Products of codes, 32 at a time, in their natural order.
  using Pairs = __m512i;
  template <bool kIsSigned>
  static inline Pairs pairs(B32 codes) {
    const auto c = reinterpret_cast<__m256i>(codes);
    return kIsSigned ? _mm512_cvtepi8_epi16(c) : _mm512_cvtepu8_epi16(c);
  }
  static inline void order(const int16_t* q, int16_t* out) { __builtin_memcpy(out, q, 32 * sizeof *q); }
  template <int kGroup>
  static inline Reg scale_of(const float* s) {
    if constexpr (kGroup == 32) return broadcast(*s);
    return _mm512_mask_broadcastss_ps(broadcast(*s), 0xff00, _mm_load_ss(s + 1));
  }
  // acc += scale * (w . x). A lane's sum of two products is exact as a float.
  template <int kGroup>
  static inline void add_product(Reg& acc, Pairs w, const float* scale, const int16_t* x) {
    acc = fma(_mm512_cvtepi32_ps(_mm512_madd_epi16(w, _mm512_loadu_si512(x))), scale_of<kGroup>(scale), acc);
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
    return reinterpret_cast<B32>(_mm256_maskz_set1_epi8(quant::load_u32(bits), 16));
  }
  // Each nibble's entry of a table of 16.
  static inline B32 lookup(B32 nibbles, const int8_t* table) {
    const __m256i t = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
    return reinterpret_cast<B32>(_mm256_shuffle_epi8(t, reinterpret_cast<__m256i>(nibbles)));
  }
};

inline float f16(const uint8_t* p) { return _cvtsh_ss(quant::load_u16(p)); }

}  // namespace
