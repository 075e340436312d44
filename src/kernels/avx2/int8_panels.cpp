#if defined(__x86_64__)
// In this order.
// clang-format off
#include "kernels/avx2/begin.h"
#include "kernels/generic/int8_panels.inl"
#include "kernels/avx2/end.h"
// clang-format on
#endif
