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
