#include "base/numa.h"

#include <fmt/ranges.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <fstream>

#include "base/error.h"

namespace facet {
namespace {

// "0-1,4": 0, 1, 4.
std::vector<int> parse_list(std::istream& in) {
  std::vector<int> out;
  for (int first = 0; in >> first; in.ignore()) {
    int last = first;
    if (in.peek() == '-') in.ignore() >> last;
    for (int i = first; i <= last; ++i) out.push_back(i);
  }
  return out;
}

}  // namespace

std::vector<int> memory_nodes(const std::string& folder) {
  for (const char* file : {"/has_memory", "/online"}) {
    std::ifstream in(folder + file);
    if (std::vector<int> nodes = parse_list(in); !nodes.empty()) return nodes;
  }
  return {};
}

// By the system call, which libnuma wraps: one call is no reason for a dependency.
void interleave_memory(const std::vector<int>& nodes) {
  constexpr int kInterleave = 3;  // MPOL_INTERLEAVE of linux/mempolicy.h
  constexpr size_t kBits = CHAR_BIT * sizeof(unsigned long), kMaxNodes = 1024;
  unsigned long mask[kMaxNodes / kBits] = {};
  for (const int node : nodes)
    if (const auto i = static_cast<size_t>(node); i < kMaxNodes) mask[i / kBits] |= 1ul << i % kBits;
  // The system takes the number of bits to be one more than what it reads.
  if (syscall(SYS_set_mempolicy, kInterleave, mask, kMaxNodes + 1) != 0)
    throw_error<ResourceError>("cannot spread memory over the NUMA nodes {}: {}: do without --numa interleave",
                               fmt::join(nodes, ", "), std::strerror(errno));
}

}  // namespace facet
