// The instruction sets this build has, in parts: each part of a set is compiled on its own. The parts are constants, so
// a CPU that lacks a set runs none of its code. Internal to kernels/.
#pragma once

#include "kernels/kernels.h"

namespace facet::kernels {

#define FACET_KERNEL_PARTS                \
  extern const ProductKernels kProducts;  \
  extern const PanelKernels kFloatPanels; \
  extern const RowKernels kRows;          \
  extern const AttentionKernels kAttention
// Of kInt16Panels.
#define FACET_FEW_TOKENS                    \
  extern const FewTokens kFewTokensOfCodes; \
  constexpr const FewTokens* kFew = &kFewTokensOfCodes

namespace scalar {
FACET_KERNEL_PARTS;
extern const RoundedKernels kInt8Products;
extern const PanelKernels kInt16Panels, kInt8Panels;
constexpr const FewTokens* kFew = nullptr;
}  // namespace scalar
#if defined(__x86_64__)
namespace avx2 {
FACET_KERNEL_PARTS;
extern const RoundedKernels kInt8Products;
extern const PanelKernels kInt16Panels, kInt8Panels;
FACET_FEW_TOKENS;
}  // namespace avx2
namespace avx512 {
FACET_KERNEL_PARTS;
extern const PanelKernels kInt16Panels, kInt8Panels;
FACET_FEW_TOKENS;
}  // namespace avx512
namespace avx512_vnni {
extern const RoundedKernels kInt8Products;
extern const PanelKernels kInt16Panels, kInt8Panels;
FACET_FEW_TOKENS;
}  // namespace avx512_vnni
namespace amx {
extern const PanelKernels kBf16Panels;
}
#elif defined(__aarch64__)
namespace neon {
FACET_KERNEL_PARTS;
extern const RoundedKernels kInt8Products;
}  // namespace neon
namespace neon_dotprod {
extern const ProductKernels kProducts;
extern const RoundedKernels kInt8Products;
extern const PanelKernels kInt8Panels;
}  // namespace neon_dotprod
#endif

#undef FACET_KERNEL_PARTS
#undef FACET_FEW_TOKENS

}  // namespace facet::kernels
