// Sixteen lanes: AVX-512 F, BW, DQ, VL and VBMI (Intel since Ice Lake, AMD since Zen 4).
#if defined(__x86_64__)
#include <immintrin.h>

#include "kernels/generic/prelude.h"
#include "kernels/generic/target.h"
#include "kernels/sets.h"

FACET_BEGIN_TARGET("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx2,fma,f16c")
#if !defined(__clang__)
#pragma GCC target("prefer-vector-width=512")
// GCC 12 takes the deliberately undefined operands inside its own intrinsics for mistakes.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

namespace facet::kernels {
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
  static inline Reg zero_below(Reg limit, Reg x, Reg y) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, limit, _CMP_NLT_UQ), y);
  }
  static inline Reg scale_by_power_of_two(Reg x, Reg n) { return _mm512_scalef_ps(x, n); }
  static inline float sum(Reg x) { return _mm512_reduce_add_ps(x); }
  static inline void fifth_bits(const uint8_t* bits, uint8_t* out) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(out), _mm256_maskz_set1_epi8(quant::load_u32(bits), 16));
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

constinit const Kernels kTable = make_table("avx512");

}  // namespace

const Kernels& avx512_kernels() { return kTable; }

}  // namespace facet::kernels

FACET_END_TARGET
#endif
