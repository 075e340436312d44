#include "apps/model_options.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace facet::apps
