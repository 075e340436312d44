// What the generic kernels need from outside; included before an instruction set's target region opens, so that nothing
// of it is compiled for that set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "base/half.h"
#include "kernels/kernels.h"
#include "quant/block_type.h"
#include "quant/codes.h"

namespace facet::kernels {

// Bytes and numbers as vectors in the compiler's own notation: it turns them into whatever the instruction set has,
// where it failed to find the vectors in plain loops.
using B16 = uint8_t __attribute__((vector_size(16)));
using W4 = uint32_t __attribute__((vector_size(16)));
#if defined(__aarch64__)
// 32 bytes where a register has 16: as one vector the compiler would keep them in memory.
template <class Half>
struct Pair {
  using Number = std::remove_cvref_t<decltype(Half{}[0])>;
  Half low, high;

  Number operator[](int i) const {
    constexpr int kHalf = sizeof(Half) / sizeof(Number);
    return i < kHalf ? low[i] : high[i - kHalf];
  }
  friend inline Pair operator+(const Pair& a, const Pair& b) { return {a.low + b.low, a.high + b.high}; }
  friend inline Pair operator*(const Pair& a, const Pair& b) { return {a.low * b.low, a.high * b.high}; }
  friend inline Pair operator|(const Pair& a, const Pair& b) { return {a.low | b.low, a.high | b.high}; }
  friend inline Pair operator&(const Pair& a, const Pair& b) { return {a.low & b.low, a.high & b.high}; }
  friend inline Pair operator&(const Pair& a, int n) { return {a.low & number(n), a.high & number(n)}; }
  friend inline Pair operator-(const Pair& a, int n) { return {a.low - number(n), a.high - number(n)}; }
  friend inline Pair operator>>(const Pair& a, int n) { return {a.low >> number(n), a.high >> number(n)}; }
  friend inline Pair operator<<(const Pair& a, int n) { return {a.low << number(n), a.high << number(n)}; }
  friend inline Pair operator<(const Pair& a, int n) { return {a.low < number(n), a.high < number(n)}; }
  Pair& operator+=(const Pair& b) { return *this = *this + b; }

 private:
  static constexpr Number number(int n) { return static_cast<Number>(n); }
};
using B32 = Pair<B16>;
using H16 = Pair<uint16_t __attribute__((vector_size(16)))>;
using I8 = Pair<int32_t __attribute__((vector_size(16)))>;
using Lanes8 = Pair<float __attribute__((vector_size(16)))>;
#else
using B32 = uint8_t __attribute__((vector_size(32)));
using H16 = uint16_t __attribute__((vector_size(32)));
using I8 = int32_t __attribute__((vector_size(32)));
using Lanes8 = float __attribute__((vector_size(32)));  // eight numbers for as many groups of weights
#endif

// Codes of 64 weights: of 0 .. 15 and 32 .. 47; 16 .. 31 and 48 .. 63. So what belongs to the first 32 lies in one
// half of each register and what belongs to the second 32 in the other, and one multiplication scales both.
struct Codes {
  B32 first, second;
};

// Asks for memory in the order of its addresses: `p` runs through the rows one behind the other, this far ahead.
inline void prefetch_ahead(const std::byte* p, int n_bytes) {
  constexpr int kFar = 16384, kLine = 64;
  for (int i = 0; i < n_bytes; i += kLine) __builtin_prefetch(reinterpret_cast<const char*>(p) + kFar + i, 0, 2);
}

// Where each sixteen of Codes lie among a unit's 64 weights.
constexpr int kParts[4] = {0, 32, 16, 48};

}  // namespace facet::kernels
