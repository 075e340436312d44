// What `facet doctor` finds out about the machine.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ops/cpu/ceilings.h"

namespace facet::apps::doctor {

inline double gigabytes(int64_t bytes) { return static_cast<double>(bytes) / 1e9; }

struct Machine {
  std::string cpu;
  int n_processors = 0, n_usable = 0;                  // of the machine; of this process
  double load = 0;                                     // processors that were busy in the last minute
  std::vector<std::pair<std::string, bool>> features;  // name, present
  struct KernelSet {
    std::string name;
    bool runs_here, chosen;
  };
  std::vector<KernelSet> kernel_sets;  // best first
  ops::cpu::Ceilings ceilings;
  int64_t total_bytes = 0, available_bytes = 0;
};

// Takes about half a second, most of it for the ceilings.
Machine examine_machine();

nlohmann::ordered_json to_json(const Machine& machine);
void print(const Machine& machine);
// What is wrong with the machine or the build, in sentences.
std::vector<std::string> hints(const Machine& machine);

}  // namespace facet::apps::doctor
