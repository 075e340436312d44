// Eight lanes: AVX2 with FMA and F16C (Intel since 2013, AMD since 2015). Opens the target region and the namespace in
// which the generic kernels are then included; end.h closes both.
#include <immintrin.h>

#include "kernels/generic/prelude.h"
#include "kernels/generic/target.h"
#include "kernels/sets.h"

FACET_BEGIN_TARGET("avx2,fma,f16c")

namespace facet::kernels::avx2 {
namespace {

#include "kernels/generic/avx2_bytes.inl"
#include "kernels/generic/avx2_eight.inl"
#include "kernels/generic/avx2_int8.inl"

struct V : Bytes {
  using Reg = __m256;
  static constexpr int kLanes = 8, kPanelRows = 4, kCodeRows = 6, kCodeVectors = 2;
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
  static inline float sum(Reg x) { return sum_of_eight(reinterpret_cast<Lanes8>(x)); }
  // Loaded once: as an operand in memory, it would be loaded for each of its uses.
  static inline void hold(Reg& x) { asm("" : "+x"(x)); }
  // Of eight registers, adding up as sum() does.
  static inline void eight_sums(const Reg* x, float* out) {
    Reg halves[4], pairs[2];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i)  // four lanes of x[i], four of x[i + 4]
      halves[i] = add(_mm256_permute2f128_ps(x[i], x[i + 4], 0x20), _mm256_permute2f128_ps(x[i], x[i + 4], 0x31));
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
      const __m256d a = _mm256_castps_pd(halves[2 * i]), b = _mm256_castps_pd(halves[2 * i + 1]);
      pairs[i] = add(_mm256_castpd_ps(_mm256_unpacklo_pd(a, b)), _mm256_castpd_ps(_mm256_unpackhi_pd(a, b)));
    }
    store(out, add(_mm256_shuffle_ps(pairs[0], pairs[1], 0x88), _mm256_shuffle_ps(pairs[0], pairs[1], 0xdd)));
  }
  // Products of codes, a unit of 64 at a time. Bytes become pairs of bytes where they lie, even ones and odd ones: no
  // weight has to cross a register, and activations come in that order.
  struct Words {
    __m256i w[4];
  };
  template <bool kIsSigned>
  static inline Words words(const Codes& codes) {
    const auto a = reinterpret_cast<__m256i>(codes.first), b = reinterpret_cast<__m256i>(codes.second);
    if constexpr (kIsSigned)
      return {_mm256_srai_epi16(_mm256_slli_epi16(a, 8), 8), _mm256_srai_epi16(a, 8),
              _mm256_srai_epi16(_mm256_slli_epi16(b, 8), 8), _mm256_srai_epi16(b, 8)};
    const __m256i even = _mm256_set1_epi16(255);
    return {_mm256_and_si256(a, even), _mm256_srli_epi16(a, 8), _mm256_and_si256(b, even), _mm256_srli_epi16(b, 8)};
  }
  static inline void order(const int16_t* q, int16_t* out) {
    const auto at = [q](int i) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q + i)); };
    const auto put = [out](int i, __m256i a, __m256i b) {  // lower halves of 32 bits: those of a, then those of b
      const __m256i both = _mm256_permute4x64_epi64(_mm256_packus_epi32(a, b), 0xd8);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), both);
    };
    const __m256i even = _mm256_set1_epi32(0xffff);
    for (int i = 0; i < 32; i += 16) {
      put(2 * i, _mm256_and_si256(at(i), even), _mm256_and_si256(at(32 + i), even));
      put(2 * i + 16, _mm256_srli_epi32(at(i), 16), _mm256_srli_epi32(at(32 + i), 16));
    }
  }
  static inline float largest(Reg x) {
    __m128 m = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
  }
  // q = x * factor to nearest, 32 of them.
  static inline void to_int16(const float* x, float factor, int16_t* q) {
    const auto at = [&](int i) { return _mm256_cvtps_epi32(mul(load(x + i), broadcast(factor))); };
    for (int i = 0; i < 32; i += 16) {
      const __m256i both = _mm256_permute4x64_epi64(_mm256_packs_epi32(at(i), at(i + 8)), 0xd8);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(q + i), both);
    }
  }
  // Codes of a unit as pairs of bytes, in the order of their numbers.
  static inline void store_natural16(const Codes& c, int16_t* out) {
    const auto put = [out](int i, __m128i bytes) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), _mm256_cvtepi8_epi16(bytes));
    };
    const auto first = reinterpret_cast<__m256i>(c.first), second = reinterpret_cast<__m256i>(c.second);
    put(0, _mm256_castsi256_si128(first));
    put(16, _mm256_castsi256_si128(second));
    put(32, _mm256_extracti128_si256(first, 1));
    put(48, _mm256_extracti128_si256(second, 1));
  }
  // Panels: each lane has two elements of 16 bits.
  using Ints = __m256i;
  static inline Ints no_ints() { return _mm256_setzero_si256(); }
  static inline Ints load_ints(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
  static inline Ints broadcast_four(const void* p) {
    return _mm256_set1_epi32(static_cast<int>(quant::load_u32(static_cast<const uint8_t*>(p))));
  }
  // Both instructions at once: apart, compilers move the products ahead until registers run out.
  static inline Ints add_pairs(Ints sum, Ints a, Ints b) {
    Ints products;
    asm("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0" : "+x"(sum), "=&x"(products) : "x"(a), "x"(b));
    return sum;
  }
  static inline Reg to_float(Ints x) { return _mm256_cvtepi32_ps(x); }
  // Panels of bytes: four a lane, whose products are two sums of 16 bits.
  static constexpr bool kCodesAreUnsigned = true, kSumsArePairs = true;
  static inline Ints add_fours(Ints sum, Ints codes, Ints x) {
    Ints products;
    asm("vpmaddubsw %3, %2, %1\n\tvpaddw %1, %0, %0" : "+x"(sum), "=&x"(products) : "x"(codes), "x"(x));
    return sum;
  }
  static inline Ints times(Ints pairs, int factor) {
    return _mm256_mullo_epi16(pairs, _mm256_set1_epi16(static_cast<int16_t>(factor)));
  }
  static inline Ints whole(Ints pairs) { return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)); }
  static inline Ints add_ints(Ints a, Ints b) { return _mm256_add_epi32(a, b); }
  static inline void transpose(Reg (&r)[8]) { Eight::transpose(r); }
  template <int kGroup>
  using GroupScales = Int8::GroupScales<kGroup>;
  static inline __m256i product(__m256i w, const int16_t* x) {
    return _mm256_madd_epi16(w, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
  }
  // What a unit's products come to: one half is of its first 32 weights, the other of the second.
  static inline void products_of_16(const Words& w, const int16_t* x, Ints& first, Ints& second) {
    first = _mm256_add_epi32(product(w.w[0], x), product(w.w[1], x + 16));
    second = _mm256_add_epi32(product(w.w[2], x + 32), product(w.w[3], x + 48));
  }
  static inline Ints products_of_32(const Words& w, const int16_t* x) {
    Ints first, second;
    products_of_16(w, x, first, second);
    return _mm256_add_epi32(first, second);
  }
  // Lane i: what one half of number i comes to.
  static inline void sums_by_row(const Ints (&x)[8], Eight::Ints& lower, Eight::Ints& upper) {
    Ints pairs[4], fours[2];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i)
      pairs[i] = _mm256_add_epi32(_mm256_unpacklo_epi32(x[2 * i], x[2 * i + 1]),
                                  _mm256_unpackhi_epi32(x[2 * i], x[2 * i + 1]));
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i)
      fours[i] = _mm256_add_epi32(_mm256_unpacklo_epi64(pairs[2 * i], pairs[2 * i + 1]),
                                  _mm256_unpackhi_epi64(pairs[2 * i], pairs[2 * i + 1]));
    lower = _mm256_permute2x128_si256(fours[0], fours[1], 0x20);
    upper = _mm256_permute2x128_si256(fours[0], fours[1], 0x31);
  }
  // acc += scale * (w . x) of unit u; the products of one lane are a sum of integers.
  template <int u>
  static inline void add_products(Reg& acc, const Words& w, const GroupScales<32>& s, const int16_t* x) {
    acc = fma(_mm256_cvtepi32_ps(products_of_32(w, x)), _mm256_permute_ps(s.r[0], u * 0x55), acc);
  }
  template <int u>
  static inline void add_products(Reg& acc, const Words& w, const GroupScales<16>& s, const int16_t* x) {
    Ints a, b;
    products_of_16(w, x, a, b);
    acc = fma(_mm256_cvtepi32_ps(a), _mm256_permute_ps(s.r[u / 2], u % 2 * 0xaa), acc);
    acc = fma(_mm256_cvtepi32_ps(b), _mm256_permute_ps(s.r[u / 2], u % 2 * 0xaa + 0x55), acc);
  }
  // Byte i = 16 where bit i of 32 is set, else 0.
  static inline B32 fifth_bits(uint32_t bits) {
    const __m256i spread = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,  //
                                            2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
    const __m256i bit = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201u));
    const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(bits)), spread);
    const __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit);
    return reinterpret_cast<B32>(_mm256_and_si256(set, _mm256_set1_epi8(16)));
  }
};

inline float f16(const uint8_t* p) { return _cvtsh_ss(quant::load_u16(p)); }

}  // namespace
