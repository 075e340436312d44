#include "apps/model_options.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace facet::apps {
namespace {

// The prompt that is left over when sampling flags have taken their values.
std::string prompt_of(std::vector<std::string> arguments, SamplingOptions& options) {
  CLI::App app;
  std::string prompt;
  app.add_option("PROMPT", prompt);
  options.add_to(app);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  app.parse(reversed);
  return prompt;
}

TEST(SamplingOptions, RepeatableFlagsTakeOneValueEach) {
  SamplingOptions options;
  EXPECT_EQ(prompt_of({"--stop", "a", "--stop", "b", "--logit-bias", "5=-inf", "hello"}, options), "hello");
  EXPECT_EQ(options.stop, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(options.bias, (std::vector<std::string>{"5=-inf"}));
}

TEST(SamplingOptions, WhatIsNotGivenIsLeftToTheModel) {
  SamplingOptions options;
  prompt_of({"--top-k", "3"}, options);
  EXPECT_EQ(options.top_k, 3);
  EXPECT_FALSE(options.temperature.has_value());
  EXPECT_EQ(options.max_tokens, -1);
}

TEST(Expectations, WhatWillBeSlowIsSaid) {
  runtime::MemoryPlan plan;
  plan.resident_bytes = 12'300'000'000;
  plan.available_bytes = 16'000'000'000;
  EXPECT_TRUE(expectations(plan, 8, 8).empty());
  plan.available_bytes = 8'000'000'000;
  const auto large = expectations(plan, 8, 8);
  ASSERT_EQ(large.size(), 1u);
  EXPECT_NE(large[0].find("takes 12.3 GB of memory and 8.0 GB are available"), std::string::npos) << large[0];
  plan.available_bytes = 0;  // unknown
  EXPECT_EQ(expectations(plan, 8, 2), (std::vector<std::string>{"8 threads share 2 processors: fewer are faster"}));
  EXPECT_EQ(expectations(plan, 2, 1), (std::vector<std::string>{"2 threads share 1 processor: fewer are faster"}));
}

TEST(Placement, OneNodeIsNothingToSpreadOver) {
  EXPECT_EQ(place_memory("off", {0}), "");
  EXPECT_EQ(place_memory("interleave", {0}), "--numa interleave does nothing: the machine has a single NUMA node");
  EXPECT_THROW(place_memory("interleave", {998, 999}), ResourceError);
}

// The error of a value of --numa, or nothing.
std::string refusal(const std::string& value) {
  CLI::App app;
  ModelOptions options;
  options.add_to(app);
  try {
    app.parse(std::vector<std::string>{value, "--numa"});
  } catch (const CLI::ParseError& e) {
    return e.what();
  }
  return options.numa == value ? "" : "not taken";
}

TEST(Placement, PoliciesThatThereAreNotAreRefused) {
  EXPECT_EQ(refusal("off"), "");
  EXPECT_EQ(refusal("interleave"), "");
  EXPECT_EQ(refusal("replicate"),
            "--numa: \"replicate\" is none of off and interleave: weights stay in the file's one copy");
  EXPECT_EQ(refusal("2"), "--numa: \"2\" is none of off and interleave");
}

// What a model's file may say is not promised by the help.
TEST(SamplingOptions, HelpPromisesNoDefaultsOfItsOwn) {
  SamplingOptions options;
  CLI::App app;
  options.add_to(app);
  for (const char* name :
       {"--temperature", "--top-k", "--top-p", "--min-p", "--typical-p", "--repetition-penalty", "--penalty-window"})
    EXPECT_TRUE(app.get_option(name)->get_description().ends_with("[the model's]")) << name;
}

TEST(Library, ListsWhatCanBeLookedAt) {
  namespace fs = std::filesystem;
  const fs::path home = fs::path(testing::TempDir()) / "facet_library_test";
  fs::create_directories(home / "models/folder");
  fs::create_directories(home / "models/closed");
  std::ofstream(home / "models/folder/config.json") << "{}";
  std::ofstream(home / "models/one.gguf");
  std::ofstream(home / "models/readme.txt");
  fs::create_directory_symlink(home / "models/loop", home / "models/loop");  // as unreadable for anybody
  fs::permissions(home / "models/closed", fs::perms::none);
  const char* before = std::getenv("FACET_HOME");
  const std::string restore = before == nullptr ? "" : before;
  setenv("FACET_HOME", home.c_str(), 1);
  EXPECT_EQ(library_models(), (std::vector<std::string>{"folder", "one.gguf"}));
  before == nullptr ? unsetenv("FACET_HOME") : setenv("FACET_HOME", restore.c_str(), 1);
  fs::permissions(home / "models/closed", fs::perms::owner_all);
  fs::remove_all(home);
}

}  // namespace
}  // namespace facet::apps
