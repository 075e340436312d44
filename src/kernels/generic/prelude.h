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

// Bytes as vectors in the compiler's own notation: it turns them into whatever the instruction set has, where it failed
// to find the vectors in plain loops.
using B16 = uint8_t __attribute__((vector_size(16)));
using B32 = uint8_t __attribute__((vector_size(32)));

// Elements of a and b in the order of the indexes that follow.
#if defined(__clang__)
#define FACET_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define FACET_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, decltype(a){__VA_ARGS__})
#endif

// Codes of 64 weights: of 0 .. 15 and 32 .. 47; 16 .. 31 and 48 .. 63. So what belongs to the first 32 lies in one
// half of each register and what belongs to the second 32 in the other, and one multiplication scales both.
struct Codes {
  B32 first, second;
};

// Where each sixteen of Codes lie among a unit's 64 weights.
constexpr int kParts[4] = {0, 32, 16, 48};

// Eight numbers for as many groups of weights.
using Lanes8 = float __attribute__((vector_size(32)));

}  // namespace facet::kernels
