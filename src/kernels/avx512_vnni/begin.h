// AVX-512 with VNNI (Intel since Cascade Lake, AMD since Zen 4): products of integers and their sum are one
// instruction. For panels of codes; all else is kernels/avx512/.
#define FACET_AVX512_VNNI
#include "kernels/avx512/begin.h"
