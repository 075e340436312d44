#include "base/cpu_features.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace facet {
namespace {

// Whether the kernel's list of features, which leaves out what it does not support itself, has this one.
bool kernel_lists(const std::string& flags, const std::string& flag) {
  std::istringstream words(flags);
  for (std::string word; words >> word;)
    if (word == flag) return true;
  return false;
}

TEST(CpuFeatures, AgreeWithWhatTheSystemSays) {
  std::string flags;
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line) && flags.empty();)
    if (line.starts_with("flags")) flags = line;
#if defined(__x86_64__)
  ASSERT_FALSE(flags.empty()) << "/proc/cpuinfo lists no flags";
#endif  // elsewhere it lists none of these, and none is what is expected
  const CpuFeatures& cpu = cpu_features();
  const auto all = [&](std::initializer_list<const char*> names) {
    for (const char* name : names)
      if (!kernel_lists(flags, name)) return false;
    return true;
  };
  EXPECT_EQ(cpu.avx2, all({"avx2", "fma", "f16c"}));
  EXPECT_EQ(cpu.avx512, all({"avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512dq", "avx512vl"}));
  EXPECT_EQ(cpu.avx512_vnni, cpu.avx512 && all({"avx512_vnni"}));
  EXPECT_EQ(cpu.avx512_bf16, cpu.avx512 && all({"avx512_bf16"}));
  EXPECT_EQ(cpu.amx, all({"amx_tile", "amx_bf16", "amx_int8"}));
}

TEST(CpuFeatures, EachSetIncludesTheOneBelow) {
  const CpuFeatures& cpu = cpu_features();
  EXPECT_TRUE(!cpu.avx512 || cpu.avx2);
  EXPECT_TRUE(!(cpu.avx512_vnni || cpu.avx512_bf16) || cpu.avx512);
  EXPECT_FALSE(cpu.brand.empty());
}

}  // namespace
}  // namespace facet
