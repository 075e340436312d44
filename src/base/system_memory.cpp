#include "base/system_memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace facet {
namespace {

// The number in a one-line file of the cgroup file system; -1 for "max" or when it is not there.
int64_t read_number(const std::string& path) {
  std::ifstream in(path);
  int64_t n = -1;
  return in >> n ? n : -1;
}

int64_t kernel_estimate() {
  std::ifstream in("/proc/meminfo");
  for (std::string key; in >> key;) {
    if (key == "MemAvailable:") {
      int64_t kb = 0;
      in >> kb;
      return kb * 1024;
    }
  }
  return 0;
}

// The tightest free room of the process's control group (version 2) and those above it.
int64_t cgroup_room(int64_t room) {
  std::ifstream in("/proc/self/cgroup");
  std::string line;
  while (std::getline(in, line)) {
    if (!line.starts_with("0::")) continue;
    for (std::string group = line.substr(3);; group.erase(group.find_last_of('/'))) {
      const std::string folder = "/sys/fs/cgroup" + group;
      const int64_t limit = read_number(folder + "/memory.max"), used = read_number(folder + "/memory.current");
      if (limit >= 0 && used >= 0) room = std::min(room, std::max<int64_t>(0, limit - used));
      if (group.find('/') == std::string::npos) break;
    }
  }
  return room;
}

}  // namespace

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

int64_t peak_resident_memory() noexcept {
  rusage usage{};
  return getrusage(RUSAGE_SELF, &usage) == 0 ? int64_t{usage.ru_maxrss} * 1024 : 0;
}

}  // namespace facet
