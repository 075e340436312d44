// Which kernels, and how many threads, are fastest on this machine: measured, with the figures that the choice follows
// from. A choice changes results as any choice of an instruction set does, by the order of summation, and speed;
// nothing depends on it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/kernels.h"

namespace facet::ops::cpu {

// A kernel set's speed with weights of two formats: 1e9 bytes of weights a second when decoding, 1e9 multiplications
// and additions a second for prompts.
struct SetSpeed {
  std::string set;
  double q4_0 = 0, q4_k = 0;

  double mean() const noexcept;  // of the two, geometric
};
// The chosen sets' speeds with this number of threads, means of both formats.
struct ThreadSpeed {
  int n_threads = 0;
  double decode_gb_s = 0, prompt_gflop_s = 0;
};

struct Tuning {
  std::vector<SetSpeed> decode, prompts;  // best instruction set first; those that share the kernels are one
  std::vector<ThreadSpeed> threads;       // the cores, and all processors where these are more
  std::string decode_set, prompt_set;     // what is to be used, of the above
  int n_threads = 0;
};

// The kernels of two sets by their names; null where this CPU does not run both.
const kernels::Kernels* find_kernels(std::string_view decode_set, std::string_view prompt_set);

// Measures on this machine, in under a second. Throws ResourceError where there is no memory or thread for it.
Tuning tune();

// The first, unless a later one is faster by more than measurements vary.
const SetSpeed& preferred(const std::vector<SetSpeed>& speeds) noexcept;
// The same, and decoding must not lose: more threads are in the way of other programs.
const ThreadSpeed& preferred(const std::vector<ThreadSpeed>& speeds) noexcept;

}  // namespace facet::ops::cpu
