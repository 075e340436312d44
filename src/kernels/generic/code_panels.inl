// The part of an instruction set that multiplies panels of codes.
namespace {

// In this order.
// clang-format off
#include "kernels/generic/blocks.inl"
#include "kernels/generic/chunks.inl"
#include "kernels/generic/rounding.inl"
#include "kernels/generic/panel_sums.inl"
#include "kernels/generic/peak.inl"
#include "kernels/generic/panel_codes.inl"
#include "kernels/generic/panel_int16.inl"
// clang-format on

}  // namespace

constinit const PanelKernels kInt16Panels = int16_panels();
