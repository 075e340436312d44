#if defined(__aarch64__)
// In this order.
// clang-format off
#include "kernels/neon_dotprod/begin.h"
#include "kernels/generic/int8_panels.inl"
#include "kernels/neon_dotprod/end.h"
// clang-format on
#endif
