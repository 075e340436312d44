// What this CPU and its operating system can run.
#pragma once

#include <string>

namespace facet {

struct CpuFeatures {
  std::string brand;
  bool avx2 = false;    // with FMA and F16C
  bool avx512 = false;  // F, BW, DQ and VL
  bool avx512_vnni = false, avx512_bf16 = false;
  bool amx = false;  // tiles with bf16 and int8, granted to this process
  bool neon = false;
  bool neon_dotprod = false;  // dot products of bytes
};

// Read once. A feature whose registers the operating system does not save (XCR0; a hypervisor may leave them out of it)
// is none. For tiles, this asks the system for the permission that a process needs.
const CpuFeatures& cpu_features();

}  // namespace facet
