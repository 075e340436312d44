#include "base/cpu_topology.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string_view>
#include <thread>
#include <tuple>

#include "base/control_groups.h"

namespace facet {
namespace {

constexpr const char* kProcessorFolder = "/sys/devices/system/cpu";

// A quota of processors that a control group has for a period; a large number when there is none.
double processors_of(std::string_view quota, double period) {
  const double n = std::strtod(std::string(quota).c_str(), nullptr);
  return n > 0 && period > 0 ? n / period : 1 << 20;
}

// Whole processors of the tightest quota of the process's control groups.
int quota_processors() {
  double least = 1 << 20;
  for (const std::string& group : control_groups("cpu")) {
    std::string quota;
    double period = 0;
    if (std::ifstream in(group + "/cpu.max"); in >> quota >> period)  // "max" is no number
      least = std::min(least, processors_of(quota, period));
    std::ifstream old_quota(group + "/cpu.cfs_quota_us"), old_period(group + "/cpu.cfs_period_us");
    if (old_quota >> quota && old_period >> period) least = std::min(least, processors_of(quota, period));
  }
  return std::max(1, static_cast<int>(std::ceil(least)));
}

std::string folder_of(int processor, const std::string& folder) { return folder + "/cpu" + std::to_string(processor); }

// What all processors of a core have in common: "0,64" or "0-1".
std::string core_of(int processor, const std::string& folder) {
  std::string siblings;
  std::ifstream in(folder_of(processor, folder) + "/topology/thread_siblings_list");
  return in >> siblings ? siblings : "processor " + std::to_string(processor);
}

// Larger is faster, in whatever unit the system tells; 0 where it does not.
int64_t speed_of(int processor, const std::string& folder) {
  int64_t speed = 0;
  for (const char* file : {"/cpu_capacity", "/cpufreq/cpuinfo_max_freq"})
    if (std::ifstream in(folder_of(processor, folder) + file); in >> speed) return speed;
  return 0;
}

}  // namespace

std::vector<int> allowed_processors() {
  std::vector<int> out;
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return out;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &set)) out.push_back(i);
  return out;
}

int usable_processors() noexcept {
  int n = static_cast<int>(std::thread::hardware_concurrency());
  try {
    if (const auto allowed = allowed_processors(); !allowed.empty()) n = static_cast<int>(allowed.size());
    n = std::min(n, quota_processors());
  } catch (...) {
  }
  return std::max(1, n);
}

int count_cores(const std::vector<int>& processors, const std::string& folder) {
  std::set<std::string> cores;
  for (const int processor : processors) cores.insert(core_of(processor, folder));
  return static_cast<int>(cores.size());
}

int usable_cores() noexcept {
  const int n = usable_processors();
  try {
    const int cores = count_cores(allowed_processors(), kProcessorFolder);
    return cores > 0 ? std::min(n, cores) : n;
  } catch (...) {
    return n;
  }
}

std::vector<int> order_for_threads(const std::vector<int>& processors, const std::string& folder) {
  std::map<std::string, int> taken;                     // processors of a core so far
  std::vector<std::tuple<int, int64_t, int>> by_worth;  // place in the core, slowness, number
  for (const int processor : processors)
    by_worth.emplace_back(taken[core_of(processor, folder)]++, -speed_of(processor, folder), processor);
  std::sort(by_worth.begin(), by_worth.end());
  std::vector<int> out;
  for (const auto& entry : by_worth) out.push_back(std::get<2>(entry));
  return out;
}

std::vector<int> processors_for_threads() { return order_for_threads(allowed_processors(), kProcessorFolder); }

}  // namespace facet
