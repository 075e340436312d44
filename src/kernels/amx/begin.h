// AVX-512 with tiles (AMX, Intel since Sapphire Rapids): panels of bf16. All else is kernels/avx512/ and avx512_vnni/.
#define FACET_AMX
#include "kernels/avx512/begin.h"
