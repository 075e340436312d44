#include "base/system_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>

#include "base/control_groups.h"

namespace facet {
namespace {

// The number behind `key` in a file of lines "key number"; key empty: the first number. -1 when it is not there.
int64_t read_number(const std::string& path, std::string_view key = "") {
  std::ifstream in(path);
  int64_t n = -1;
  if (key.empty()) return in >> n ? n : -1;  // "max" is none
  for (std::string word; in >> word;)
    if (word == key) return in >> n ? n : -1;
  return -1;
}

// What a group may still use: its limit less its use. Pages of files count as used though they can be dropped.
int64_t free_room(int64_t limit, int64_t used, int64_t active_files, int64_t inactive_files) {
  if (limit < 0 || used < 0) return INT64_MAX;
  const int64_t files = std::max<int64_t>(0, active_files) + std::max<int64_t>(0, inactive_files);
  return std::clamp<int64_t>(limit - used + std::min(files, used), 0, limit);
}

int64_t kernel_estimate() { return std::max<int64_t>(0, read_number("/proc/meminfo", "MemAvailable:")) * 1024; }

// The tightest free room of the process's control groups, of either version.
int64_t cgroup_room(int64_t room) {
  for (const std::string& group : control_groups("memory")) room = std::min(room, control_group_room(group));
  return room;
}

}  // namespace

int64_t control_group_room(const std::string& folder) {
  const std::string stat = folder + "/memory.stat";
  return std::min(
      free_room(read_number(folder + "/memory.max"), read_number(folder + "/memory.current"),
                read_number(stat, "active_file"), read_number(stat, "inactive_file")),
      free_room(read_number(folder + "/memory.limit_in_bytes"), read_number(folder + "/memory.usage_in_bytes"),
                read_number(stat, "total_active_file"), read_number(stat, "total_inactive_file")));
}

int64_t available_memory() noexcept {
  try {
    return cgroup_room(kernel_estimate());
  } catch (...) {
    return 0;
  }
}

int64_t total_memory() noexcept {
  const long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
  return pages > 0 && page_bytes > 0 ? int64_t{pages} * page_bytes : 0;
}

// Not getrusage: what that counts survives exec, so a small program would show the size of the one that started it.
int64_t peak_resident_memory() noexcept {
  try {
    return std::max<int64_t>(0, read_number("/proc/self/status", "VmHWM:")) * 1024;
  } catch (...) {
    return 0;
  }
}

}  // namespace facet
