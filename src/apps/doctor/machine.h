// What `facet doctor` finds out about the machine.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ops/cpu/ceilings.h"
#include "ops/cpu/tuning.h"
#include "runtime/engine.h"

namespace facet::apps::doctor {

inline double gigabytes(int64_t bytes) { return static_cast<double>(bytes) / 1e9; }

struct Machine {
  std::string cpu;
  int n_processors = 0, n_usable = 0;                  // of the machine; of this process
  double load = 0;                                     // threads that ran or waited to, in the mean of the last minute
  std::vector<std::pair<std::string, bool>> features;  // name, present
  struct KernelSet {
    std::string name;
    bool runs_here, chosen;  // for one purpose at least
  };
  std::vector<KernelSet> kernel_sets;  // best first
  std::string used;                    // "avx2", or of two sets "avx2+amx"
  int n_threads = 0;
  bool isa_is_forced = false;
  std::optional<ops::cpu::Tuning> tuning;
  std::string tuning_problem;  // why there is none although it was measured
  ops::cpu::Ceilings ceilings;
  int64_t total_bytes = 0, available_bytes = 0;
};

// Takes about half a second, most of it for the ceilings of what an engine with these options would use.
Machine examine_machine(const runtime::EngineOptions& options);

nlohmann::ordered_json to_json(const Machine& machine);
void print(const Machine& machine);
// What is wrong with the machine or the build, in sentences.
std::vector<std::string> hints(const Machine& machine);

}  // namespace facet::apps::doctor
