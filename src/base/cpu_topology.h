// Which processors this process may use, and how they share cores.
#pragma once

#include <string>
#include <vector>

namespace facet {

// Those of the affinity mask, ascending; empty when the system does not tell.
std::vector<int> allowed_processors();

// Processors this process may use: its affinity mask, lowered by its control group's quota; at least 1.
int usable_processors() noexcept;

// The cores of these processors: those that share a core count once, since the work here keeps a core busy alone.
int usable_cores() noexcept;

// Of `processors`, the number of cores, by the files of a folder like /sys/devices/system/cpu. A processor whose core
// it does not tell counts as one.
int count_cores(const std::vector<int>& processors, const std::string& folder);

// The same processors in the order in which threads should take them: one of each core, fast cores before slow ones
// where the folder tells them apart (cpu_capacity, else cpufreq/cpuinfo_max_freq), then the cores' second processors.
std::vector<int> order_for_threads(const std::vector<int>& processors, const std::string& folder);
// allowed_processors() in that order.
std::vector<int> processors_for_threads();

}  // namespace facet
