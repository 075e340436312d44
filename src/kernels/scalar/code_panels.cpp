// In this order.
// clang-format off
#include "kernels/scalar/begin.h"
#include "kernels/generic/code_panels.inl"
#include "kernels/scalar/end.h"
// clang-format on
