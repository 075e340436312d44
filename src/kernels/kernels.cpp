#include "kernels/kernels.h"

#include <cstdlib>
#include <string>

#include "base/cpu_features.h"
#include "base/error.h"
#include "kernels/sets.h"

namespace facet::kernels {

std::vector<KernelSet> all_sets() {
  std::vector<KernelSet> sets;
#if defined(__x86_64__)
  const CpuFeatures& cpu = cpu_features();
  sets.push_back({&avx512_kernels(), cpu.avx512});
  sets.push_back({&avx2_kernels(), cpu.avx2});
#endif
  sets.push_back({&scalar_kernels(), true});
  return sets;
}

const std::vector<const Kernels*>& available() {
  static const std::vector<const Kernels*> list = [] {
    std::vector<const Kernels*> out;
    for (const KernelSet& set : all_sets())
      if (set.runs_here) out.push_back(set.kernels);
    return out;
  }();
  return list;
}

const Kernels& choose() {
  const char* forced = std::getenv("FACET_ISA");
  if (forced == nullptr || *forced == '\0') return *available().front();
  std::string names;
  for (const Kernels* k : available()) {
    if (k->name == forced) return *k;
    names += (names.empty() ? "" : ", ") + std::string(k->name);
  }
  throw_error<RequestError>("FACET_ISA is \"{}\": this CPU runs {}", forced, names);
}

}  // namespace facet::kernels
