#if defined(__aarch64__)
// In this order.
// clang-format off
#include "kernels/neon/begin.h"
#include "kernels/generic/int8_products.inl"
#include "kernels/neon/end.h"
// clang-format on
#endif
