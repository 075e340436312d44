#include "base/numa.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

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

// On threads of their own, so that the tests beside this one keep their policy.
TEST(Numa, MemoryOfAThreadAndOfThoseItStartsIsInterleaved) {
  const std::vector<int> nodes = memory_nodes();
  if (nodes.empty() || policy().mode < 0) GTEST_SKIP() << "this system has no memory policies";
  unsigned long expected = 0;
  for (const int node : nodes) expected |= 1ul << node;
  Policy own, started;
  std::thread([&] {
    try {
      interleave_memory(nodes);
    } catch (const ResourceError&) {
      return;  // as a container's rules may have it
    }
    own = policy();
    std::thread([&] { started = policy(); }).join();
  }).join();
  if (own.mode < 0) GTEST_SKIP() << "this system forbids memory policies";
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
