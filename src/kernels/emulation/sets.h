// Instruction sets that tests run on a CPU without them: the sources of kernels/<isa>/, compiled against an emulation
// of its intrinsics (see CMakeLists.txt). Slow, and part of no program but kernels_test.
#pragma once

#include <vector>

#include "base/cpu_features.h"
#include "kernels/kernels.h"

namespace facet::kernels {

#if defined(FACET_EMULATION)
namespace avx512_emulated {
extern const ProductKernels kProducts;
extern const PanelKernels kFloatPanels, kInt16Panels, kInt8Panels;
extern const RowKernels kRows;
extern const AttentionKernels kAttention;
}  // namespace avx512_emulated
namespace avx512_vnni_emulated {
extern const RoundedKernels kInt8Products;
extern const PanelKernels kInt8Panels;
}  // namespace avx512_vnni_emulated
namespace amx_emulated {
extern const PanelKernels kBf16Panels;
}

// Where the CPU has the set itself, that is tested; the emulation itself runs on AVX2.
inline std::vector<KernelSet> emulated_sets() {
  using namespace avx512_emulated;
  static const Kernels wide{kProducts,
                            kRows,
                            kAttention,
                            "avx512_emulated",
                            &avx512_vnni_emulated::kInt8Products,
                            {&kFloatPanels, &kInt16Panels, &amx_emulated::kBf16Panels, &kInt8Panels},
                            &kInt16Panels};
  std::vector<KernelSet> sets;
  if (const CpuFeatures& cpu = cpu_features(); !cpu.avx512 || !cpu.amx) sets.push_back({&wide, cpu.avx2});
  return sets;
}
// What of panels is apart from those.
inline std::vector<KernelSet> emulated_panel_sets() {
  using namespace avx512_emulated;
  static const Kernels vnni{kProducts,
                            kRows,
                            kAttention,
                            "avx512_vnni_emulated",
                            &avx512_vnni_emulated::kInt8Products,
                            {&kFloatPanels, nullptr, nullptr, &avx512_vnni_emulated::kInt8Panels}};
  std::vector<KernelSet> sets;
  if (const CpuFeatures& cpu = cpu_features(); !cpu.avx512_vnni) sets.push_back({&vnni, cpu.avx2});
  return sets;
}
#else
inline std::vector<KernelSet> emulated_sets() { return {}; }
inline std::vector<KernelSet> emulated_panel_sets() { return {}; }
#endif

// Every set of this build that this CPU runs, the emulated ones in the place of those that it lacks.
inline std::vector<KernelSet> tested_sets() {
  std::vector<KernelSet> sets = emulated_sets();
  const bool is_emulated = !sets.empty();
  for (const KernelSet& set : all_sets())
    if (set.runs_here || !is_emulated || (set.kernels->name != "avx512" && set.kernels->name != "amx"))
      sets.push_back(set);
  return sets;
}

}  // namespace facet::kernels
