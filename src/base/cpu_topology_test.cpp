#include "base/cpu_topology.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace facet {
namespace {

namespace fs = std::filesystem;

// A folder like /sys/devices/system/cpu.
class CpuTopology : public testing::Test {
 protected:
  ~CpuTopology() override { fs::remove_all(folder_); }

  void write(int processor, const std::string& file, const std::string& text) {
    const fs::path path = folder_ + "/cpu" + std::to_string(processor) + "/" + file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text << "\n";
  }
  void add(int processor, const std::string& siblings) { write(processor, "topology/thread_siblings_list", siblings); }

  const std::string folder_ = testing::TempDir() + "facet_cores_" + std::to_string(getpid());
};

TEST_F(CpuTopology, ProcessorsThatShareACoreCountOnce) {
  // Two cores of two processors, numbered as one maker does, and two cores of one each.
  for (const int i : {0, 4}) add(i, "0,4");
  for (const int i : {1, 5}) add(i, "1,5");
  for (const int i : {2, 3}) add(i, std::to_string(i));
  EXPECT_EQ(count_cores({0, 1, 2, 3, 4, 5}, folder_), 4);
  EXPECT_EQ(count_cores({0, 4}, folder_), 1);
  EXPECT_EQ(count_cores({4, 5}, folder_), 2);
  EXPECT_EQ(count_cores({0, 4, 6, 7}, folder_), 3);  // what the system does not tell
  EXPECT_EQ(count_cores({}, folder_), 0);
}

TEST_F(CpuTopology, ThreadsTakeCoresBeforeSiblings) {
  for (const int i : {0, 1}) add(i, "0-1");  // as another maker numbers them
  for (const int i : {2, 3}) add(i, "2-3");
  EXPECT_EQ(order_for_threads({0, 1, 2, 3}, folder_), (std::vector<int>{0, 2, 1, 3}));
  EXPECT_EQ(order_for_threads({1, 2, 3}, folder_), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(order_for_threads({9, 7, 8}, folder_), (std::vector<int>{7, 8, 9}));  // what the system does not tell
}

TEST_F(CpuTopology, ThreadsTakeFastCoresBeforeSlowOnes) {
  for (const int i : {0, 1, 2, 3}) add(i, std::to_string(i));
  for (const int i : {0, 1}) write(i, "cpu_capacity", "446");
  for (const int i : {2, 3}) write(i, "cpu_capacity", "1024");
  EXPECT_EQ(order_for_threads({0, 1, 2, 3}, folder_), (std::vector<int>{2, 3, 0, 1}));
}

// Two fast cores of two processors, and two slow ones that are still better than a fast core's second processor.
TEST_F(CpuTopology, SlowCoresComeBeforeTheSiblingsOfFastOnes) {
  for (const int i : {0, 1}) add(i, "0-1");
  for (const int i : {2, 3}) add(i, "2-3");
  for (const int i : {4, 5}) add(i, std::to_string(i));
  for (const int i : {0, 1, 2, 3}) write(i, "cpufreq/cpuinfo_max_freq", "5100000");
  for (const int i : {4, 5}) write(i, "cpufreq/cpuinfo_max_freq", "3900000");
  EXPECT_EQ(order_for_threads({0, 1, 2, 3, 4, 5}, folder_), (std::vector<int>{0, 2, 4, 5, 1, 3}));
}

TEST(Processors, ThoseForThreadsAreThoseOfTheProcess) {
  std::vector<int> ordered = processors_for_threads();
  ASSERT_FALSE(ordered.empty());
  std::sort(ordered.begin(), ordered.end());
  EXPECT_EQ(ordered, allowed_processors());
  EXPECT_LE(static_cast<size_t>(usable_processors()), ordered.size());
}

}  // namespace
}  // namespace facet
