// Sixteen lanes: AVX-512 F, BW, DQ and VL (Intel since Skylake-SP, AMD since Zen 4). Opens the target region and
// the namespace in which the generic kernels are then included; end.h closes both.
#include <immintrin.h>

#include "kernels/generic/prelude.h"
#include "kernels/generic/target.h"
#include "kernels/sets.h"

#if defined(FACET_AMX)
FACET_BEGIN_TARGET("amx-tile,amx-bf16,avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")
#elif defined(FACET_AVX512_VNNI)
FACET_BEGIN_TARGET("avx512vnni,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")
#else
FACET_BEGIN_TARGET("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")
#endif
#if !defined(__clang__)
#pragma GCC target("prefer-vector-width=512")
// GCC 12 takes the deliberately undefined operands inside its own intrinsics for mistakes.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#if defined(FACET_AMX)
namespace facet::kernels::amx {
#elif defined(FACET_AVX512_VNNI)
namespace facet::kernels::avx512_vnni {
#else
namespace facet::kernels::avx512 {
#endif
namespace {

#include "kernels/generic/avx2_bytes.inl"
#include "kernels/generic/avx2_eight.inl"
#include "kernels/generic/avx2_int8.inl"

struct V : Bytes {
  using Reg = __m512;
  static constexpr int kLanes = 16, kPanelRows = 8, kCodeRows = 6, kCodeVectors = 2;
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
  static inline void hold(Reg&) {}
  static inline void eight_sums(const Reg* x, float* out) {
    for (int i = 0; i < 8; ++i) out[i] = sum(x[i]);
  }
  // Products of codes, a unit of 64 at a time.
  struct Words {
    __m512i first, second;
  };
  template <bool kIsSigned>
  static inline Words words(const Codes& codes) {
    const auto a = reinterpret_cast<__m256i>(codes.first), b = reinterpret_cast<__m256i>(codes.second);
    if constexpr (kIsSigned) return {_mm512_cvtepi8_epi16(a), _mm512_cvtepi8_epi16(b)};
    return {_mm512_cvtepu8_epi16(a), _mm512_cvtepu8_epi16(b)};
  }
  static inline void order(const int16_t* q, int16_t* out) {
    for (int part = 0; part < 4; ++part) __builtin_memcpy(out + 16 * part, q + kParts[part], 16 * sizeof *q);
  }
  static inline float largest(Reg x) { return _mm512_reduce_max_ps(x); }
  // q = x * factor to nearest, 32 of them.
  static inline void to_int16(const float* x, float factor, int16_t* q) {
    for (int i = 0; i < 32; i += 16) {
      const __m512i rounded = _mm512_cvtps_epi32(mul(load(x + i), broadcast(factor)));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(q + i), _mm512_cvtsepi32_epi16(rounded));
    }
  }
  // Codes of a unit as pairs of bytes, in the order of their numbers.
  static inline void store_natural16(const Codes& c, int16_t* out) {
    alignas(64) int8_t codes[64];
    store_natural(c, codes);
    for (int i = 0; i < 64; i += 32)
      _mm512_storeu_si512(out + i,
                          _mm512_cvtepi8_epi16(_mm256_load_si256(reinterpret_cast<const __m256i*>(codes + i))));
  }
  // Panels: each lane has two elements of 16 bits.
  using Ints = __m512i;
  static inline Ints no_ints() { return _mm512_setzero_si512(); }
  static inline Ints load_ints(const void* p) { return _mm512_loadu_si512(p); }
  static inline Ints broadcast_four(const void* p) {
    return _mm512_set1_epi32(static_cast<int>(quant::load_u32(static_cast<const uint8_t*>(p))));
  }
  // In assembler: of intrinsics GCC 12 makes copies until registers run out.
  static inline Ints add_pairs(Ints sum, Ints a, Ints b) {
#if defined(FACET_EMULATED)
    return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
#elif defined(FACET_AVX512_VNNI)
    asm("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
#else
    Ints products;
    asm("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0" : "+v"(sum), "=&v"(products) : "v"(a), "v"(b));
    return sum;
#endif
  }
  static inline Reg to_float(Ints x) { return _mm512_cvtepi32_ps(x); }
  // Panels of bytes: four a lane, whose products are one sum with VNNI, two of 16 bits without.
  static constexpr bool kCodesAreUnsigned = true;
  static inline Ints add_ints(Ints a, Ints b) { return _mm512_add_epi32(a, b); }
#if defined(FACET_AVX512_VNNI)
  static constexpr bool kSumsArePairs = false;
  static inline Ints times(Ints pairs, int factor) {
    return _mm512_madd_epi16(pairs, _mm512_set1_epi16(static_cast<int16_t>(factor)));
  }
  static inline Ints whole(Ints sum) { return sum; }
  static inline Ints add_fours(Ints sum, Ints codes, Ints x) {
#if defined(FACET_EMULATED)
    return _mm512_dpbusd_epi32(sum, codes, x);
#else
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(codes), "v"(x));
    return sum;
#endif
  }
#else
  static constexpr bool kSumsArePairs = true;
  static inline Ints times(Ints pairs, int factor) {
    return _mm512_mullo_epi16(pairs, _mm512_set1_epi16(static_cast<int16_t>(factor)));
  }
  static inline Ints whole(Ints pairs) { return _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)); }
  static inline Ints add_fours(Ints sum, Ints codes, Ints x) {
#if defined(FACET_EMULATED)
    return _mm512_add_epi16(sum, _mm512_maddubs_epi16(codes, x));
#else
    Ints products;
    asm("vpmaddubsw %3, %2, %1\n\tvpaddw %1, %0, %0" : "+v"(sum), "=&v"(products) : "v"(codes), "v"(x));
    return sum;
#endif
  }
#endif
  // Rows and columns of a square change places: four times, the rows of one half are woven with those of the other.
  static inline void transpose(Reg (&r)[16]) {
    alignas(64) static constexpr int32_t kLow[] = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23},
                                         kHigh[] = {8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    const Ints low = load_ints(kLow), high = load_ints(kHigh);
    for (int round = 0; round < 4; ++round) {
      Reg woven[16];
      for (int i = 0; i < 8; ++i) {
        woven[2 * i] = _mm512_permutex2var_ps(r[i], low, r[i + 8]);
        woven[2 * i + 1] = _mm512_permutex2var_ps(r[i], high, r[i + 8]);
      }
      for (int i = 0; i < 16; ++i) r[i] = woven[i];
    }
  }
  // Scales of a chunk's groups.
  template <int kGroup>
  struct GroupScales {
    Reg r[32 / kGroup];
    GroupScales() {}
    explicit GroupScales(const Lanes8* s) {
      for (int i = 0; i < 32 / kGroup; ++i) r[i] = _mm512_castps256_ps512(reinterpret_cast<__m256>(s[i]));
    }
  };
  // Eight times number a of s, eight times number b.
  static inline Reg spread(Reg s, int a, int b) {
    return _mm512_permutexvar_ps(_mm512_mask_set1_epi32(_mm512_set1_epi32(a), 0xff00, b), s);
  }
  static inline __m512i product(__m512i w, const int16_t* x) { return _mm512_madd_epi16(w, _mm512_loadu_si512(x)); }
  // What a unit's products come to: one half is of its first 32 weights, the other of the second.
  static inline void products_of_16(const Words& w, const int16_t* x, Ints& first, Ints& second) {
    first = product(w.first, x);
    second = product(w.second, x + 32);
  }
  static inline Ints products_of_32(const Words& w, const int16_t* x) {
#if defined(FACET_AVX512_VNNI) && !defined(FACET_EMULATED)
    return _mm512_dpwssd_epi32(product(w.first, x), w.second, _mm512_loadu_si512(x + 32));
#else
    return _mm512_add_epi32(product(w.first, x), product(w.second, x + 32));
#endif
  }
  // Lane i: what one half of number i comes to.
  static inline void sums_by_row(const Ints (&x)[8], Eight::Ints& lower, Eight::Ints& upper) {
    // 128 bits of a, of b by turns: the even ones of each half, the odd ones.
    alignas(64) static constexpr int64_t kEven[] = {0, 1, 8, 9, 4, 5, 12, 13}, kOdd[] = {2, 3, 10, 11, 6, 7, 14, 15};
    Ints pairs[4], fours[2];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i)
      pairs[i] = _mm512_add_epi32(_mm512_unpacklo_epi32(x[2 * i], x[2 * i + 1]),
                                  _mm512_unpackhi_epi32(x[2 * i], x[2 * i + 1]));
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i)
      fours[i] = _mm512_add_epi32(_mm512_unpacklo_epi64(pairs[2 * i], pairs[2 * i + 1]),
                                  _mm512_unpackhi_epi64(pairs[2 * i], pairs[2 * i + 1]));
    const Ints sums = _mm512_add_epi32(_mm512_permutex2var_epi64(fours[0], load_ints(kEven), fours[1]),
                                       _mm512_permutex2var_epi64(fours[0], load_ints(kOdd), fours[1]));
    lower = _mm512_castsi512_si256(sums);
    upper = _mm512_extracti64x4_epi64(sums, 1);
  }
  // acc += scale * (w . x) of unit u; the products of one lane are a sum of integers.
  template <int u>
  static inline void add_products(Reg& acc, const Words& w, const GroupScales<32>& s, const int16_t* x) {
    acc = fma(_mm512_cvtepi32_ps(products_of_32(w, x)), spread(s.r[0], 2 * u, 2 * u + 1), acc);
  }
  template <int u>
  static inline void add_products(Reg& acc, const Words& w, const GroupScales<16>& s, const int16_t* x) {
    constexpr int kFirst = u % 2 * 4;
    acc = fma(_mm512_cvtepi32_ps(product(w.first, x)), spread(s.r[u / 2], kFirst, kFirst + 2), acc);
    acc = fma(_mm512_cvtepi32_ps(product(w.second, x + 32)), spread(s.r[u / 2], kFirst + 1, kFirst + 3), acc);
  }
  // Byte i = 16 where bit i of 32 is set, else 0.
  static inline B32 fifth_bits(uint32_t bits) { return reinterpret_cast<B32>(_mm256_maskz_set1_epi8(bits, 16)); }
};

inline float f16(const uint8_t* p) { return _cvtsh_ss(quant::load_u16(p)); }

}  // namespace
