// What products with codes of quantised weights make of activations.
#pragma once

#include <cstdint>

namespace facet::ops {

enum class Activations : uint8_t {
  Int16,  // rounded to 16 bits by blocks of 32 where that is faster: about 2^-16 of a block's largest
  F32,    // as they are
};

}  // namespace facet::ops
