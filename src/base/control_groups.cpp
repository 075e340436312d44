#include "base/control_groups.h"

#include <fstream>
#include <iterator>

namespace facet {
namespace {

// "memory", or one of "cpu,cpuacct".
bool lists(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    const size_t comma = names.find(',');
    if (names.substr(0, comma) == name) return true;
    names.remove_prefix(comma == std::string_view::npos ? names.size() : comma + 1);
  }
  return false;
}

void add_with_parents(std::vector<std::string>& out, const std::string& root, std::string group) {
  while (group.ends_with('/')) group.pop_back();
  while (!group.empty()) {
    out.push_back(root + group);
    group.erase(group.find_last_of('/'));
  }
  out.push_back(root);
}

}  // namespace

std::vector<std::string> control_groups(std::string_view controller, std::string_view memberships) {
  constexpr const char* kRoot = "/sys/fs/cgroup";
  std::vector<std::string> out;
  while (!memberships.empty()) {
    const size_t end = memberships.find('\n');
    const std::string_view line = memberships.substr(0, end);
    memberships.remove_prefix(end == std::string_view::npos ? memberships.size() : end + 1);
    // number:controllers:/path, the controllers empty in version 2
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view names = line.substr(first + 1, second - first - 1);
    const std::string path(line.substr(second + 1));
    if (!path.starts_with('/')) continue;
    if (names.empty())
      add_with_parents(out, kRoot, path);
    else if (lists(names, controller))
      add_with_parents(out, std::string(kRoot) + "/" + std::string(names), path);
  }
  return out;
}

std::vector<std::string> control_groups(std::string_view controller) {
  std::ifstream in("/proc/self/cgroup");
  return control_groups(controller, std::string(std::istreambuf_iterator<char>(in), {}));
}

}  // namespace facet
