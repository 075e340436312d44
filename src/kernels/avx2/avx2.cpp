// Eight lanes: AVX2 with FMA and F16C (Intel since 2013, AMD since 2015).
#if defined(__x86_64__)
#include <immintrin.h>

#include "kernels/generic/prelude.h"
#include "kernels/generic/target.h"
#include "kernels/sets.h"

FACET_BEGIN_TARGET("avx2,fma,f16c")

namespace facet::kernels {
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
  static inline void fifth_bits(const uint8_t* bits, uint8_t* out) {
    const __m256i spread = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3,
                                            3, 3, 3, 3, 3, 3, 3);
    const __m256i bit = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201u));
    const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(quant::load_u32(bits))), spread);
    const __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit);
    _mm256_store_si256(reinterpret_cast<__m256i*>(out), _mm256_and_si256(set, _mm256_set1_epi8(16)));
  }
  static inline void lookup16(const uint8_t* packed, int n, const int8_t* table, int8_t* codes) {
    const __m128i t = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table)), low = _mm_set1_epi8(15);
    __m128i q;
    if (n == 16)
      q = _mm_loadu_si128(reinterpret_cast<const __m128i*>(packed));
    else
      q = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(packed));
    const __m128i a = _mm_shuffle_epi8(t, _mm_and_si128(q, low)),
                  b = _mm_shuffle_epi8(t, _mm_and_si128(_mm_srli_epi16(q, 4), low));
    if (n == 16) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(codes), a);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(codes + 16), b);
    } else {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(codes), a);
      _mm_storel_epi64(reinterpret_cast<__m128i*>(codes + 8), b);
    }
  }
};

inline float f16(const uint8_t* p) { return _cvtsh_ss(quant::load_u16(p)); }

// In the order in which they need each other.
// clang-format off
#include "kernels/generic/vectors.inl"
#include "kernels/generic/codes.inl"
#include "kernels/generic/matvec.inl"
#include "kernels/generic/panel.inl"
#include "kernels/generic/attention.inl"
#include "kernels/generic/table.inl"
// clang-format on

constinit const Kernels kTable = make_table("avx2");

}  // namespace

const Kernels& avx2_kernels() { return kTable; }

}  // namespace facet::kernels

FACET_END_TARGET
#endif
