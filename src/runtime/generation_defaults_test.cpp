#include "runtime/generation_defaults.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/test_data.h"
#include "model/test_model.h"
#include "runtime/tokenizer_loader.h"

namespace facet::runtime {
namespace {

using gguf::TestFile;

class GenerationDefaultsTest : public testing::Test {
 protected:
  GenerationDefaultsTest() {
    std::string pattern = testing::TempDir() + "facet-defaults-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    const std::string bytes = model::gemma4_file().bytes();
    tokenizer_ = load_tokenizer(gguf::File::parse(std::as_bytes(std::span(bytes)), "test.gguf"), 269);
  }
  ~GenerationDefaultsTest() override { std::filesystem::remove_all(folder_); }

  GenerationDefaults of_file(const TestFile& file) const {
    const std::string bytes = file.bytes();
    return read_defaults(gguf::File::parse(std::as_bytes(std::span(bytes)), "test.gguf"), *tokenizer_);
  }
  GenerationDefaults of_json(std::string_view json) const {
    std::ofstream(folder_ + "/generation_config.json") << json;
    return read_defaults(folder_, *tokenizer_);
  }
  void expect_json_error(std::string_view json, std::string_view part) const {
    try {
      of_json(json);
      ADD_FAILURE() << "no error: " << json;
    } catch (const FormatError& e) {
      EXPECT_NE(std::string_view(e.what()).find(part), std::string_view::npos) << part << "\n" << e.what();
      EXPECT_TRUE(std::string_view(e.what()).starts_with(folder_)) << e.what();
    }
  }

  std::string folder_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
};

TEST_F(GenerationDefaultsTest, TheFamilysWhenNothingIsSaid) {
  EXPECT_EQ(of_file(model::gemma4_file()).penalty_window, 64);
  EXPECT_EQ(read_defaults(folder_, *tokenizer_).penalty_window, -1);
  for (const GenerationDefaults& d : {of_file(model::gemma4_file()), read_defaults(folder_, *tokenizer_)}) {
    EXPECT_TRUE(d.sample);
    EXPECT_EQ(d.temperature, 1);
    EXPECT_EQ(d.top_k, 64);
    EXPECT_EQ(d.top_p, 0.95f);
    EXPECT_EQ(d.stop_tokens, (std::vector<TokenId>{1, 6}));
    EXPECT_EQ(d.suppress_tokens, (std::vector<TokenId>{0, 2, 3, 4}));
  }
}

TEST_F(GenerationDefaultsTest, OfAGguf) {
  TestFile file = model::gemma4_file();
  file.value("general.sampling.temp", 0.5f).value("general.sampling.top_k", int32_t{7});
  file.value("general.sampling.top_p", 0.25f).array("tokenizer.ggml.suppress_tokens", std::vector<int32_t>{9, 10});
  file.value("general.sampling.min_p", 0.1f).value("general.sampling.penalty_repeat", 1.2f);
  const GenerationDefaults d = of_file(file);
  EXPECT_EQ(d.temperature, 0.5f);
  EXPECT_EQ(d.min_p, 0.1f);
  EXPECT_EQ(d.repetition_penalty, 1.2f);
  EXPECT_EQ(d.top_k, 7);
  EXPECT_EQ(d.top_p, 0.25f);
  EXPECT_EQ(d.suppress_tokens, (std::vector<TokenId>{0, 2, 3, 4, 9, 10}));
  for (const int n : {-1, 0, 256}) {
    TestFile window = model::gemma4_file();
    window.value("general.sampling.penalty_last_n", int32_t{n});
    EXPECT_EQ(of_file(window).penalty_window, n);
  }
  TestFile below = model::gemma4_file();
  below.value("general.sampling.penalty_last_n", int32_t{-2});
  EXPECT_THROW(of_file(below), FormatError);
  for (const float bad : {-1.0f, 1e9f, NAN}) {
    TestFile hostile = model::gemma4_file();
    hostile.value("general.sampling.temp", bad);
    EXPECT_THROW(of_file(hostile), FormatError);
    TestFile top = model::gemma4_file();
    top.value("general.sampling.top_p", bad);
    EXPECT_THROW(of_file(top), FormatError);
  }
}

TEST_F(GenerationDefaultsTest, OfAFolder) {
  const GenerationDefaults d = of_json(
      R"({"do_sample":false,"temperature":0.7,"top_k":3,"top_p":null,"eos_token_id":[1,6,8],"suppress_tokens":[11]})");
  EXPECT_FALSE(d.sample);
  EXPECT_EQ(d.temperature, 0.7f);
  EXPECT_EQ(d.top_k, 3);
  EXPECT_EQ(d.top_p, 0.95f);
  EXPECT_EQ(d.stop_tokens, (std::vector<TokenId>{1, 6, 8}));
  EXPECT_EQ(d.suppress_tokens, (std::vector<TokenId>{0, 2, 3, 4, 11}));
  const GenerationDefaults filters = of_json(R"({"min_p":0.05,"typical_p":0.9,"repetition_penalty":1.1})");
  EXPECT_EQ(filters.min_p, 0.05f);
  EXPECT_EQ(filters.typical_p, 0.9f);
  EXPECT_EQ(filters.repetition_penalty, 1.1f);
  EXPECT_EQ(filters.penalty_window, -1);
  EXPECT_TRUE(of_json(R"({"do_sample":null})").sample);
  EXPECT_TRUE(of_json(R"({"do_sample":true})").sample);
  EXPECT_EQ(of_json(R"({"eos_token_id":8})").stop_tokens, (std::vector<TokenId>{1, 6, 8}));
}

TEST_F(GenerationDefaultsTest, HostileFolders) {
  for (const char* json : {"", "[]", "{", "nul", "{\"a\":\xff}"}) expect_json_error(json, "not a JSON object");
  const size_t deep = 1 << 20;  // would overflow a stack that descends
  expect_json_error(std::string(deep, '['), "nested more than 8 deep");
  expect_json_error(R"({"temperature":)" + std::string(deep, '[') + std::string(deep, ']') + "}",
                    "nested more than 8 deep");
  expect_json_error(R"({"do_sample":1})", "\"do_sample\" is 1, expected true or false");
  expect_json_error(R"({"do_sample":"no"})", "\"do_sample\" is \"no\", expected true or false");
  expect_json_error(R"({"top_k":")" + std::string(100000, 'h') + R"("})", "hhh..., expected a number");
  expect_json_error(R"({"temperature":"hot"})", "\"temperature\" is \"hot\", expected a number");
  expect_json_error(R"({"temperature":-1})", "temperature -1 is not between 0 and 100");
  expect_json_error(R"({"temperature":1e300})", "temperature inf is not between");
  expect_json_error(R"({"top_p":2})", "top_p 2 is not between 0 and 1");
  expect_json_error(R"({"min_p":-1})", "min_p -1 is not between 0 and 1");
  expect_json_error(R"({"typical_p":2})", "typical_p 2 is not between 0 and 1");
  expect_json_error(R"({"repetition_penalty":0})", "repetition penalty 0 is not between 0.01 and 100");
  for (const char* ids : {"-1", "269", "1.5", "\"1\"", "[[1]]", "[1,99999999999]", "18446744073709551615", "{}"})
    for (const char* key : {"eos_token_id", "suppress_tokens"})
      expect_json_error(fmt::format(R"({{"{}":{}}})", key, ids), "expected token ids below 269");
  EXPECT_EQ(of_json(R"({"top_k":1e300})").top_k, 1000000);
}

TEST_F(GenerationDefaultsTest, ChatFamilies) {
  const auto family = [&](TestFile file, const char* chat_template) {
    if (chat_template != nullptr) file.value("tokenizer.chat_template", chat_template);
    const std::string bytes = file.bytes();
    const auto read = gguf::File::parse(std::as_bytes(std::span(bytes)), "test.gguf");
    const auto tokenizer = load_tokenizer(read, 269);
    return read_chat_family(read, model::read_config(read), *tokenizer);
  };
  const TestFile dense = model::gemma4_file(), experts = model::gemma4_file(model::expert_sizes());
  EXPECT_EQ(family(dense, nullptr), ChatFamily::Gemma4Small);
  EXPECT_EQ(family(experts, nullptr), ChatFamily::Gemma4Large);
  EXPECT_EQ(family(dense, "{% if add_generation_prompt %}<|channel>thought"), ChatFamily::Gemma4Large);
  EXPECT_EQ(family(dense, "<|channel>thought {% if add_generation_prompt %}<|turn>model"), ChatFamily::Gemma4Small);
  EXPECT_EQ(family(model::gemma3_file(), "template"), ChatFamily::Gemma3);
  EXPECT_EQ(family(model::gemma3_file(), nullptr), ChatFamily::None);  // a base model
}

}  // namespace
}  // namespace facet::runtime
