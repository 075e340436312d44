#if defined(__x86_64__)
// In this order.
// clang-format off
#include "kernels/avx512_vnni/begin.h"
namespace {
#include "kernels/generic/blocks.inl"
#include "kernels/generic/chunks.inl"
#include "kernels/generic/rounding.inl"
#include "kernels/generic/few_tokens.inl"
}  // namespace
constinit const FewTokens kFewTokensOfCodes = few_tokens();
#include "kernels/avx512/end.h"
// clang-format on
#endif
