// The part of an instruction set that multiplies tiles of bf16.
namespace {

// In this order.
// clang-format off
#include "kernels/generic/blocks.inl"
#include "kernels/generic/chunks.inl"
#include "kernels/generic/elements.inl"
#include "kernels/generic/decode.inl"
#include "kernels/generic/exp.inl"
#include "kernels/generic/panel_sums.inl"
#include "kernels/generic/softmax.inl"
#include "kernels/generic/peak.inl"
#include "kernels/generic/panel_bf16.inl"
// clang-format on

}  // namespace

constinit const PanelKernels kBf16Panels = bf16_panels();
