#include "base/numa.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/error.h"

namespace facet {
namespace {

namespace fs = std::filesystem;

TEST(Numa, NodesAreThoseWithMemory) {
  const fs::path folder = testing::TempDir() + "facet_nodes_" + std::to_string(getpid());
  fs::create_directories(folder);
  EXPECT_EQ(memory_nodes(folder), std::vector<int>{});
  std::ofstream(folder / "online") << "0-3\n";
  EXPECT_EQ(memory_nodes(folder), (std::vector<int>{0, 1, 2, 3}));
  std::ofstream(folder / "has_memory") << "0-1,3,8-9\n";  // processors alone are no place for pages
  EXPECT_EQ(memory_nodes(folder), (std::vector<int>{0, 1, 3, 8, 9}));
  fs::remove_all(folder);
}

struct Policy {
  int mode = -1;
  unsigned long nodes[16] = {};  // 1024 bits
};

// Of the calling thread.
Policy policy() {
  Policy out;
  syscall(SYS_get_mempolicy, &out.mode, out.nodes, 8 * sizeof out.nodes + 1, nullptr, 0);
  return out;
}

// What the system answers to a policy that changes nothing: 0, or why processes may set none.
int refusal() { return syscall(SYS_set_mempolicy, 0, nullptr, 0) == 0 ? 0 : errno; }

// On threads of their own, so that the tests beside this one keep their policy.
TEST(Numa, MemoryOfAThreadAndOfThoseItStartsIsInterleaved) {
  const std::vector<int> nodes = memory_nodes();
  if (const int why = refusal(); why == ENOSYS || why == EPERM)
    GTEST_SKIP() << "set_mempolicy is refused here (" << std::strerror(why)
                 << "), as containers and kernels without NUMA do";
  if (nodes.empty()) GTEST_SKIP() << "needs /sys/devices/system/node, which is not mounted here";
  unsigned long expected = 0;
  for (const int node : nodes) expected |= 1ul << node;
  Policy own, started;
  std::thread([&] {
    EXPECT_NO_THROW(interleave_memory(nodes));
    own = policy();
    std::thread([&] { started = policy(); }).join();
  }).join();
  for (const Policy& p : {own, started}) {
    EXPECT_EQ(p.mode, 3);
    EXPECT_EQ(p.nodes[0], expected);
  }
  EXPECT_EQ(policy().mode, 0);
}

TEST(Numa, ANodeThatIsNotThereIsAnError) {
  std::thread([] {
    try {
      interleave_memory({999});
      ADD_FAILURE() << "node 999 has memory";
    } catch (const ResourceError& e) {
      EXPECT_NE(std::string(e.what()).find("NUMA nodes 999: "), std::string::npos) << e.what();
    }
  }).join();
}

}  // namespace
}  // namespace facet
