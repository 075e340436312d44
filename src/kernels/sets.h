// The instruction sets this build has. Internal to kernels/.
#pragma once

#include "kernels/kernels.h"

namespace facet::kernels {

const Kernels& scalar_kernels();
#if defined(__x86_64__)
const Kernels& avx2_kernels();
const Kernels& avx512_kernels();
#endif

}  // namespace facet::kernels
