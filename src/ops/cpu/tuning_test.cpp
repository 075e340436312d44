#include "ops/cpu/tuning.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/cpu_topology.h"
#include "kernels/kernels.h"
#include "ops/cpu/cpu_ops.h"

namespace facet::ops::cpu {
namespace {

TEST(Tuning, TheBetterInstructionSetStaysUnlessAnotherIsClearlyFaster) {
  EXPECT_EQ(preferred({{"amx", 10, 9}, {"avx2", 10.2, 9.1}}).set, "amx");
  EXPECT_EQ(preferred({{"amx", 10, 9}, {"avx2", 11, 10}}).set, "avx2");
  EXPECT_EQ(preferred({{"amx", 10, 9}, {"avx512", 12, 11}, {"avx2", 11, 10}}).set, "avx512");
  EXPECT_EQ(preferred({{"amx", 10, 10}, {"avx2", 12, 8}}).set, "amx");  // what one format gains the other loses
}

TEST(Tuning, SecondProcessorsOfCoresAreUsedWhereTheyPay) {
  EXPECT_EQ(preferred({{8, 40, 500}, {16, 40, 700}}).n_threads, 16);
  EXPECT_EQ(preferred({{8, 40, 500}, {16, 40, 510}}).n_threads, 8);
  EXPECT_EQ(preferred({{8, 40, 500}, {16, 35, 900}}).n_threads, 8);  // decoding loses
}

TEST(Tuning, ChoosesOfWhatItMeasuredHere) {
  const Tuning t = tune();
  const auto has = [](const std::vector<SetSpeed>& speeds, const std::string& set) {
    return std::any_of(speeds.begin(), speeds.end(), [&](const SetSpeed& s) { return s.set == set; });
  };
  EXPECT_TRUE(has(t.decode, t.decode_set)) << t.decode_set;
  EXPECT_TRUE(has(t.prompts, t.prompt_set)) << t.prompt_set;
  EXPECT_EQ(t.decode.front().set, kernels::available().front()->name);
  EXPECT_EQ(t.threads.front().n_threads, usable_cores());
  EXPECT_TRUE(t.n_threads == usable_cores() || t.n_threads == usable_processors());
  for (const auto* speeds : {&t.decode, &t.prompts})
    for (const SetSpeed& s : *speeds) {
      EXPECT_GT(s.q4_0, 0) << s.set;
      EXPECT_GT(s.q4_k, 0) << s.set;
    }
}

std::vector<float> product(const kernels::Kernels& kernels, int n_rows) {
  constexpr int kIn = 512, kOut = 48;
  ThreadPool one(1);
  Ops ops(one, kernels);
  const std::vector<std::byte> blocks(quant::row_bytes(quant::BlockType::Q4_K, kIn) * kOut, std::byte{0x2c});
  const Weight w{blocks.data(), quant::BlockType::Q4_K, kIn, kOut};
  std::vector<float> x(static_cast<size_t>(n_rows) * kIn), out(static_cast<size_t>(n_rows) * kOut);
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
  ops.linear(Mat(out.data(), n_rows, kOut), ConstMat(x.data(), n_rows, kIn), w);
  return out;
}

// To the bit, so that what is known of each set holds for what is combined of them.
TEST(Tuning, ACombinationDecodesAsOneSetAndComputesPromptsAsTheOther) {
  for (const kernels::Kernels* decode : kernels::available())
    for (const kernels::Kernels* prompts : kernels::available()) {
      const kernels::Kernels& both = kernels::combine(*decode, *prompts);
      SCOPED_TRACE(both.name);
      EXPECT_EQ(product(both, 1), product(*decode, 1));
      EXPECT_EQ(product(both, 40), product(*prompts, 40));
      if (decode == prompts) {
        EXPECT_EQ(both.name, decode->name);
      }
      if (decode->panels != prompts->panels) {
        EXPECT_EQ(both.name, std::string(decode->name) + "+" + std::string(prompts->name));
      }
    }
}

}  // namespace
}  // namespace facet::ops::cpu
