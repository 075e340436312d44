// What products with codes of quantised weights make of activations.
#pragma once

#include <cstdint>

namespace facet::ops {

// How far activations may be rounded where that is faster.
enum class Activations : uint8_t {
  F32,    // not at all
  Int16,  // to 16 bits by blocks of 32: about 2^-16 of a block's largest
  BF16,   // prompts to bf16 besides, and their weights: 2^-8 of each
  Int8,   // to 8 bits by blocks of 32: about 2^-8 of a block's largest; prompts as BF16 where there are tiles for that
};

// Whether prompts may take tiles of bf16.
constexpr bool allow_bf16(Activations a) { return a == Activations::BF16 || a == Activations::Int8; }

}  // namespace facet::ops
