#if defined(__x86_64__)
// In this order.
// clang-format off
#include "kernels/amx/begin.h"
#include "kernels/generic/tile_panels.inl"
#include "kernels/avx512/end.h"
// clang-format on
#endif
