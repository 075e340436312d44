// In this order.
// clang-format off
#include "kernels/scalar/begin.h"
#include "kernels/generic/int8_panels.inl"
#include "kernels/scalar/end.h"
// clang-format on
