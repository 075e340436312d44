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

// The elements of v in the order of the indexes that follow.
#if defined(__clang__)
#define FACET_SHUFFLE(v, ...) __builtin_shufflevector(v, v, __VA_ARGS__)
#else
#define FACET_SHUFFLE(v, ...) __builtin_shuffle(v, decltype(v){__VA_ARGS__})
#endif

}  // namespace facet::kernels
