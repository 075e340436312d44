#if defined(__x86_64__)
// In this order.
// clang-format off
#include "kernels/avx512/begin.h"
#include "kernels/generic/int8_panels.inl"
#include "kernels/avx512/end.h"
// clang-format on
#endif
