// Intrinsics of AVX-512 as loops over lanes, so that tests run kernels/avx512/ on a CPU with AVX2. Included before
// those sources, which are compiled as they are: they find these functions by their names before the compiler's own,
// which lie outside this namespace. An intrinsic that is not here does not compile ("target specific option mismatch"):
// add it, and if the compiler makes a macro of it, to the list of #undef.
// Meanings are those of Intel's Software Developer's Manual, volume 2.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/half.h"
#include "kernels/generic/target.h"

// The kernels' target regions ask for what this machine has, and their parts get names beside the real ones.
#undef FACET_BEGIN_TARGET
#if defined(__clang__)
#define FACET_BEGIN_TARGET(features) \
  FACET_PRAGMA(clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function))
#else
#define FACET_BEGIN_TARGET(features) FACET_PRAGMA(GCC push_options) FACET_PRAGMA(GCC target("avx2,fma,f16c"))
#endif
#define FACET_EMULATED  // no assembler
#define avx512 avx512_emulated
#define avx512_vnni avx512_vnni_emulated

// Macros in clang, and in GCC without optimization; the first in GCC always.
#undef _mm256_dpbusd_epi32
#undef _mm512_cmp_ps_mask
#undef _mm512_cvtps_ph
#undef _mm512_extracti64x4_epi64
#undef _mm512_roundscale_ps

FACET_BEGIN_TARGET("")
namespace facet::kernels {

template <class Reg, class T>
constexpr int kLanesOf = static_cast<int>(sizeof(Reg) / sizeof(T));

// A register as numbers of type T.
template <class T, class Reg>
struct Lanes {
  T at[kLanesOf<Reg, T>];
  T operator[](int i) const { return at[i]; }
};
template <class T, class Reg>
inline Lanes<T, Reg> lanes(const Reg& r) {
  Lanes<T, Reg> out;
  __builtin_memcpy(&out, &r, sizeof r);
  return out;
}
// The register whose number i is f(i).
template <class Reg, class T, class F>
inline Reg from_lanes(F&& f) {
  Lanes<T, Reg> out;
  for (int i = 0; i < kLanesOf<Reg, T>; ++i) out.at[i] = static_cast<T>(f(i));
  Reg r;
  __builtin_memcpy(&r, &out, sizeof r);
  return r;
}
template <class To, class From>
inline To same_bits(const From& from) {
  To to;
  __builtin_memcpy(&to, &from, sizeof to);
  return to;
}

// Memory, constants, casts.
inline __m512 _mm512_loadu_ps(const void* p) {
  __m512 r;
  __builtin_memcpy(&r, p, sizeof r);
  return r;
}
inline void _mm512_storeu_ps(void* p, __m512 x) { __builtin_memcpy(p, &x, sizeof x); }
inline __m512i _mm512_loadu_si512(const void* p) {
  __m512i r;
  __builtin_memcpy(&r, p, sizeof r);
  return r;
}
inline void _mm512_storeu_si512(void* p, __m512i x) { __builtin_memcpy(p, &x, sizeof x); }
inline __m512 _mm512_setzero_ps() { return __m512{}; }
inline __m512i _mm512_setzero_si512() { return __m512i{}; }
inline __m512 _mm512_set1_ps(float x) {
  return from_lanes<__m512, float>([=](int) { return x; });
}
inline __m512i _mm512_set1_epi32(int x) {
  return from_lanes<__m512i, int32_t>([=](int) { return x; });
}
inline __m512 _mm512_castsi512_ps(__m512i x) { return same_bits<__m512>(x); }
inline __m512i _mm512_castps_si512(__m512 x) { return same_bits<__m512i>(x); }
inline __m512 _mm512_castps256_ps512(__m256 x) {  // the upper half is anything: nothing that a result may show
  __m512 r = _mm512_set1_ps(std::numeric_limits<float>::quiet_NaN());
  __builtin_memcpy(&r, &x, sizeof x);
  return r;
}

// Halves, and numbers of a and of b by turns within each 128 bits.
inline __m256i _mm512_castsi512_si256(__m512i x) {
  __m256i r;
  __builtin_memcpy(&r, &x, sizeof r);
  return r;
}
inline __m256i _mm512_extracti64x4_epi64(__m512i x, int i) {
  __m256i r;
  __builtin_memcpy(&r, reinterpret_cast<const char*>(&x) + sizeof r * static_cast<size_t>(i), sizeof r);
  return r;
}
template <class T, int kHalf>
inline __m512i unpacked(__m512i a, __m512i b) {
  constexpr int kEach = 16 / sizeof(T);
  const auto x = lanes<T>(a), y = lanes<T>(b);
  return from_lanes<__m512i, T>([&](int i) {
    const int from = i / kEach * kEach + i % kEach / 2 + kHalf * kEach / 2;
    return i % 2 == 0 ? x[from] : y[from];
  });
}
inline __m512i _mm512_unpacklo_epi32(__m512i a, __m512i b) { return unpacked<int32_t, 0>(a, b); }
inline __m512i _mm512_unpackhi_epi32(__m512i a, __m512i b) { return unpacked<int32_t, 1>(a, b); }
inline __m512i _mm512_unpacklo_epi64(__m512i a, __m512i b) { return unpacked<int64_t, 0>(a, b); }
inline __m512i _mm512_unpackhi_epi64(__m512i a, __m512i b) { return unpacked<int64_t, 1>(a, b); }
inline __m512i _mm512_permutex2var_epi64(__m512i a, __m512i index, __m512i b) {
  const auto x = lanes<int64_t>(a), y = lanes<int64_t>(b), from = lanes<int64_t>(index);
  return from_lanes<__m512i, int64_t>(
      [&](int i) { return from[i] < 8 ? x[static_cast<int>(from[i])] : y[static_cast<int>(from[i]) - 8]; });
}

// Arithmetic of floats.
inline __m512 _mm512_add_ps(__m512 a, __m512 b) { return a + b; }
inline __m512 _mm512_sub_ps(__m512 a, __m512 b) { return a - b; }
inline __m512 _mm512_mul_ps(__m512 a, __m512 b) { return a * b; }
inline __m512 _mm512_div_ps(__m512 a, __m512 b) { return a / b; }
inline __m512 _mm512_fmadd_ps(__m512 a, __m512 b, __m512 c) {
  const auto x = lanes<float>(a), y = lanes<float>(b), z = lanes<float>(c);
  return from_lanes<__m512, float>([&](int i) { return __builtin_fmaf(x[i], y[i], z[i]); });
}
// The second operand where one is no number.
inline __m512 _mm512_min_ps(__m512 a, __m512 b) {
  const auto x = lanes<float>(a), y = lanes<float>(b);
  return from_lanes<__m512, float>([&](int i) { return x[i] < y[i] ? x[i] : y[i]; });
}
inline __m512 _mm512_max_ps(__m512 a, __m512 b) {
  const auto x = lanes<float>(a), y = lanes<float>(b);
  return from_lanes<__m512, float>([&](int i) { return x[i] > y[i] ? x[i] : y[i]; });
}
// To whole numbers, to nearest: the one use of it.
inline __m512 _mm512_roundscale_ps(__m512 a, int) {
  const auto x = lanes<float>(a);
  return from_lanes<__m512, float>([&](int i) { return __builtin_nearbyintf(x[i]); });
}
inline __m512 _mm512_scalef_ps(__m512 a, __m512 b) {
  const auto x = lanes<float>(a), y = lanes<float>(b);
  return from_lanes<__m512, float>([&](int i) {
    if (std::isnan(y[i])) return y[i];
    return std::ldexp(x[i], static_cast<int>(std::floor(std::clamp(y[i], -500.0f, 500.0f))));
  });
}
// Halves are added as long as there are two.
inline float _mm512_reduce_add_ps(__m512 a) {
  auto x = lanes<float>(a);
  for (int n = 8; n > 0; n /= 2)
    for (int i = 0; i < n; ++i) x.at[i] += x[i + n];
  return x[0];
}
inline float _mm512_reduce_max_ps(__m512 a) {
  const auto x = lanes<float>(a);
  return *std::max_element(x.at, x.at + 16);
}

// Masks and moves between lanes.
inline __mmask16 _mm512_cmp_ps_mask(__m512 a, __m512 b, int) {  // _CMP_NLT_UQ: the one use of it
  const auto x = lanes<float>(a), y = lanes<float>(b);
  unsigned mask = 0;
  for (int i = 0; i < 16; ++i) mask |= static_cast<unsigned>(!(x[i] < y[i])) << i;
  return static_cast<__mmask16>(mask);
}
inline __m512 _mm512_maskz_mov_ps(__mmask16 mask, __m512 a) {
  const auto x = lanes<float>(a);
  return from_lanes<__m512, float>([&](int i) { return mask >> i & 1 ? x[i] : 0.0f; });
}
inline __m512i _mm512_mask_set1_epi32(__m512i otherwise, __mmask16 mask, int a) {
  const auto x = lanes<int32_t>(otherwise);
  return from_lanes<__m512i, int32_t>([&](int i) { return mask >> i & 1 ? a : x[i]; });
}
inline __m256i _mm256_maskz_set1_epi8(__mmask32 mask, char a) {
  return from_lanes<__m256i, char>([=](int i) { return mask >> i & 1 ? a : 0; });
}
inline __m512 _mm512_permutexvar_ps(__m512i order, __m512 a) {
  const auto at = lanes<int32_t>(order);
  const auto x = lanes<float>(a);
  return from_lanes<__m512, float>([&](int i) { return x[at[i] & 15]; });
}
inline __m512 _mm512_permutex2var_ps(__m512 a, __m512i order, __m512 b) {
  const auto at = lanes<int32_t>(order);
  const auto x = lanes<float>(a), y = lanes<float>(b);
  return from_lanes<__m512, float>([&](int i) { return at[i] & 16 ? y[at[i] & 15] : x[at[i] & 15]; });
}

// Whole numbers.
inline __m512i _mm512_add_epi32(__m512i a, __m512i b) {
  const auto x = lanes<uint32_t>(a), y = lanes<uint32_t>(b);
  return from_lanes<__m512i, uint32_t>([&](int i) { return x[i] + y[i]; });
}
inline __m512i _mm512_or_si512(__m512i a, __m512i b) { return a | b; }
inline __m512i _mm512_slli_epi32(__m512i a, unsigned n) {
  const auto x = lanes<uint32_t>(a);
  return from_lanes<__m512i, uint32_t>([&](int i) { return n > 31 ? 0 : x[i] << n; });
}
inline __m512i _mm512_set1_epi16(int x) {
  return from_lanes<__m512i, int16_t>([=](int) { return x; });
}
inline __m512i _mm512_add_epi16(__m512i a, __m512i b) {
  const auto x = lanes<uint16_t>(a), y = lanes<uint16_t>(b);
  return from_lanes<__m512i, uint16_t>([&](int i) { return x[i] + y[i]; });
}
inline __m512i _mm512_mullo_epi16(__m512i a, __m512i b) {
  const auto x = lanes<int16_t>(a), y = lanes<int16_t>(b);
  return from_lanes<__m512i, int16_t>([&](int i) { return x[i] * y[i]; });
}
// Two products of a byte without a sign and one with, added up and held within 16 bits.
inline __m512i _mm512_maddubs_epi16(__m512i a, __m512i b) {
  const auto x = lanes<uint8_t>(a);
  const auto y = lanes<int8_t>(b);
  return from_lanes<__m512i, int16_t>(
      [&](int i) { return std::clamp(x[2 * i] * y[2 * i] + x[2 * i + 1] * y[2 * i + 1], -32768, 32767); });
}
inline __m512i _mm512_madd_epi16(__m512i a, __m512i b) {
  const auto x = lanes<int16_t>(a), y = lanes<int16_t>(b);
  const auto product = [&](int i) { return static_cast<uint32_t>(int32_t{x[i]} * y[i]); };
  return from_lanes<__m512i, uint32_t>([&](int i) { return product(2 * i) + product(2 * i + 1); });
}

// Dot products in 32 bits (VNNI): four of a byte without sign and one with, two of 16 bits.
template <class Reg>
inline Reg sums_of_four(Reg acc, Reg a, Reg b) {
  const auto sum = lanes<uint32_t>(acc);
  const auto x = lanes<uint8_t>(a);
  const auto y = lanes<int8_t>(b);
  return from_lanes<Reg, uint32_t>([&](int i) {
    int products = 0;
    for (int k = 4 * i; k < 4 * i + 4; ++k) products += x[k] * y[k];
    return sum[i] + static_cast<uint32_t>(products);
  });
}
inline __m512i _mm512_dpbusd_epi32(__m512i acc, __m512i a, __m512i b) { return sums_of_four(acc, a, b); }
inline __m256i _mm256_dpbusd_epi32(__m256i acc, __m256i a, __m256i b) { return sums_of_four(acc, a, b); }
inline __m512i _mm512_dpwssd_epi32(__m512i acc, __m512i a, __m512i b) {
  return _mm512_add_epi32(acc, _mm512_madd_epi16(a, b));
}

// Pairs of bf16 (BF16): the odd product first, each added with one rounding; no denormal numbers, neither read nor
// written.
inline float flushed(float x) { return std::abs(x) < 0x1p-126f ? std::copysign(0.0f, x) : x; }
inline float widened(uint16_t h) { return flushed(same_bits<float>(static_cast<uint32_t>(h) << 16)); }
inline float add_flushed(float acc, uint16_t a, uint16_t b) {
  return flushed(__builtin_fmaf(widened(a), widened(b), flushed(acc)));
}
inline __m512 _mm512_dpbf16_ps(__m512 acc, __m512bh a, __m512bh b) {
  const auto sum = lanes<float>(acc);
  const auto x = lanes<uint16_t>(a), y = lanes<uint16_t>(b);
  return from_lanes<__m512, float>(
      [&](int i) { return add_flushed(add_flushed(sum[i], x[2 * i + 1], y[2 * i + 1]), x[2 * i], y[2 * i]); });
}
inline __m256bh _mm512_cvtneps_pbh(__m512 a) {
  const auto x = lanes<float>(a);
  return from_lanes<__m256bh, uint16_t>([&](int i) { return f32_to_bf16(flushed(x[i])); });
}
inline __m512bh _mm512_cvtne2ps_pbh(__m512 high, __m512 low) {
  const auto x = lanes<float>(low), y = lanes<float>(high);
  return from_lanes<__m512bh, uint16_t>([&](int i) { return f32_to_bf16(flushed(i < 16 ? x[i] : y[i - 16])); });
}

// Conversions.
inline __m512i _mm512_cvtepi8_epi16(__m256i a) {
  const auto x = lanes<int8_t>(a);
  return from_lanes<__m512i, int16_t>([&](int i) { return x[i]; });
}
inline __m512i _mm512_cvtepu8_epi16(__m256i a) {
  const auto x = lanes<uint8_t>(a);
  return from_lanes<__m512i, int16_t>([&](int i) { return x[i]; });
}
inline __m512i _mm512_cvtepi8_epi32(__m128i a) {
  const auto x = lanes<int8_t>(a);
  return from_lanes<__m512i, int32_t>([&](int i) { return x[i]; });
}
inline __m512i _mm512_cvtepu16_epi32(__m256i a) {
  const auto x = lanes<uint16_t>(a);
  return from_lanes<__m512i, int32_t>([&](int i) { return x[i]; });
}
inline __m512 _mm512_cvtepi32_ps(__m512i a) {
  const auto x = lanes<int32_t>(a);
  return from_lanes<__m512, float>([&](int i) { return static_cast<float>(x[i]); });
}
// To nearest; the least number where there is none.
inline __m512i _mm512_cvtps_epi32(__m512 a) {
  const auto x = lanes<float>(a);
  return from_lanes<__m512i, int32_t>([&](int i) {
    const float y = __builtin_nearbyintf(x[i]);
    return y >= -0x1p31f && y < 0x1p31f ? static_cast<int32_t>(y) : std::numeric_limits<int32_t>::min();
  });
}
inline __m256i _mm512_cvtsepi32_epi16(__m512i a) {
  const auto x = lanes<int32_t>(a);
  return from_lanes<__m256i, int16_t>([&](int i) { return std::clamp(x[i], -32768, 32767); });
}
inline __m512 _mm512_cvtph_ps(__m256i a) {
  const auto x = lanes<uint16_t>(a);
  return from_lanes<__m512, float>([&](int i) { return _cvtsh_ss(x[i]); });
}
inline __m256i _mm512_cvtps_ph(__m512 a, int) {  // to nearest even: the one use of it
  const auto x = lanes<float>(a);
  return from_lanes<__m256i, uint16_t>(
      [&](int i) { return _mm_cvtsi128_si32(_mm_cvtps_ph(_mm_set_ss(x[i]), _MM_FROUND_TO_NEAREST_INT)); });
}

}  // namespace facet::kernels
FACET_END_TARGET
