#include "kernels/kernels.h"

#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <string>
#include <utility>

#include "base/cpu_features.h"
#include "base/error.h"
#include "kernels/sets.h"

namespace facet::kernels {

bool rounds_columns(quant::BlockType type) noexcept {
  switch (type) {
#define FACET_CODE_FORMAT(code) case quant::BlockType::code:
#define FACET_FLOAT_FORMAT(type)
#define FACET_DECODED_FORMAT(type)
#include "kernels/kernels.def"
#undef FACET_CODE_FORMAT
#undef FACET_FLOAT_FORMAT
#undef FACET_DECODED_FORMAT
    return true;
    default:
      return false;
  }
}

std::vector<KernelSet> all_sets() {
  std::vector<KernelSet> sets;
#if defined(__x86_64__)
  static const Kernels wide{
      avx512::kProducts,    avx512::kRows,
      avx512::kAttention,   "avx512",
      &avx2::kInt8Products, {&avx512::kFloatPanels, &avx512::kInt16Panels, nullptr, &avx512::kInt8Panels},
      &avx512::kInt16Panels};
  static const Kernels tiles{
      avx512::kProducts,
      avx512::kRows,
      avx512::kAttention,
      "amx",
      &avx512_vnni::kInt8Products,
      {&avx512::kFloatPanels, &avx512_vnni::kInt16Panels, &amx::kBf16Panels, &avx512_vnni::kInt8Panels},
      &avx512_vnni::kInt16Panels};
  static const Kernels vnni{avx512::kProducts,
                            avx512::kRows,
                            avx512::kAttention,
                            "avx512_vnni",
                            &avx512_vnni::kInt8Products,
                            {&avx512::kFloatPanels, &avx512_vnni::kInt16Panels, nullptr, &avx512_vnni::kInt8Panels},
                            &avx512_vnni::kInt16Panels};
  static const Kernels medium{
      avx2::kProducts,      avx2::kRows,
      avx2::kAttention,     "avx2",
      &avx2::kInt8Products, {&avx2::kFloatPanels, &avx2::kInt16Panels, nullptr, &avx2::kInt8Panels},
      &avx2::kInt16Panels};
  const CpuFeatures& cpu = cpu_features();
  sets.push_back({&tiles, cpu.amx && cpu.avx512_vnni && cpu.avx512_bf16});
  sets.push_back({&vnni, cpu.avx512_vnni});
  sets.push_back({&wide, cpu.avx512});
  sets.push_back({&medium, cpu.avx2});
#elif defined(__aarch64__)
  static const Kernels baseline{neon::kProducts, neon::kRows,          neon::kAttention,
                                "neon",          &neon::kInt8Products, {&neon::kFloatPanels}};
  static const Kernels dotprod{neon_dotprod::kProducts,
                               neon::kRows,
                               neon::kAttention,
                               "neon_dotprod",
                               &neon_dotprod::kInt8Products,
                               {&neon::kFloatPanels, nullptr, nullptr, &neon_dotprod::kInt8Panels}};
  const CpuFeatures& cpu = cpu_features();
  sets.push_back({&dotprod, cpu.neon_dotprod});
  sets.push_back({&baseline, cpu.neon});
#endif
  static const Kernels plain{
      scalar::kProducts,      scalar::kRows,
      scalar::kAttention,     "scalar",
      &scalar::kInt8Products, {&scalar::kFloatPanels, &scalar::kInt16Panels, nullptr, &scalar::kInt8Panels}};
  sets.push_back({&plain, true});
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

const Kernels& combine(const Kernels& decode, const Kernels& prompts) {
  struct Combination {
    std::string name;
    Kernels kernels;
  };
  using Pair = std::pair<const Kernels*, const Kernels*>;
  static const std::map<Pair, Combination> all = [] {  // of a map, so that names stay where they are
    std::map<Pair, Combination> out;
    for (const Kernels* d : available())
      for (const Kernels* p : available()) {
        Combination& c = out[{d, p}];
        c.name = fmt::format("{}+{}", d->name, p->name);
        c.kernels = *d;
        c.kernels.panels = p->panels;
        c.kernels.name = c.name;
      }
    return out;
  }();
  return decode.panels == prompts.panels ? decode : all.at({&decode, &prompts}).kernels;
}

}  // namespace facet::kernels
