// What this machine does at most: the figures that every measurement is shown beside.
#pragma once

#include "base/thread_pool.h"
#include "kernels/kernels.h"
#include "ops/activations.h"
#include "ops/cpu/probe_memory.h"

namespace facet::ops::cpu {

struct Ceilings {
  double read_gb_s = 0;  // memory read by all threads, 1e9 bytes a second
  double gflop_s = 0;    // multiplications and additions of all threads, by the fastest kind of panels
};

// Measures the ceilings, in about a tenth of a second a time. On a shared machine the bandwidth changes within seconds,
// so sample before, between and after what is to be compared.
class CeilingProbe {
 public:
  // Holds a ProbeMemory while it lives. threads outlives the object. Throws ResourceError.
  // Of the kinds of panels, those count that may be used with these activations.
  CeilingProbe(ThreadPool& threads, const kernels::Kernels& kernels, Activations activations = Activations::BF16);

  // One sample, the best of a few repeats; returned, and kept if it is better than those before.
  Ceilings sample() noexcept;
  const Ceilings& best() const noexcept { return best_; }

 private:
  double read_seconds() noexcept;
  double operations_per_second(const kernels::PanelKernels& panels) noexcept;

  ThreadPool& threads_;
  const kernels::Kernels& kernels_;
  const Activations activations_;
  ProbeMemory memory_;
  Ceilings best_;
};

}  // namespace facet::ops::cpu
