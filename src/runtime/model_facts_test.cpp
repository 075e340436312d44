#include "runtime/model_facts.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/test_data.h"
#include "model/test_model.h"
#include "runtime/generate.h"
#include "runtime/session.h"

namespace facet::runtime {
namespace {

namespace fs = std::filesystem;
using gguf::TestFile;

// Options with one thread and a context (0: the default).
EngineOptions small_engine(int context = 0, Backend backend = Backend::Cpu) {
  EngineOptions options;
  options.n_threads = 1;
  options.context = context;
  options.backend = backend;
  return options;
}

class ModelFactsTest : public testing::Test {
 protected:
  ModelFactsTest() {
    std::string pattern = testing::TempDir() + "facet-model-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~ModelFactsTest() override { fs::remove_all(folder_); }

  std::string write(const TestFile& file) const {
    file.write(folder_ + "/m.gguf");
    return folder_ + "/m.gguf";
  }

  template <class E>
  static std::string error_of(const std::string& path, const EngineOptions& options = {}) {
    try {
      Engine::load(path, options);
    } catch (const E& e) {
      return e.what();
    }
    return "no error of this kind";
  }

  // What loading says to a file, after its path.
  std::string format_error(const TestFile& file) const {
    const std::string path = write(file), message = error_of<FormatError>(path);
    EXPECT_TRUE(message.starts_with(path + ": ")) << message;
    return message.substr(std::min(message.size(), path.size() + 2));
  }

  std::string folder_;
};

constexpr int64_t kMiB = 1 << 20;

TEST_F(ModelFactsTest, AWholeModelRuns) {
  for (const TestFile& file : {model::gemma4_file(), model::gemma4_file(model::expert_sizes()), model::gemma3_file()}) {
    const auto engine = Engine::load(write(file), small_engine());
    Session session(engine);
    session.sync(std::vector<TokenId>{2, 264, 265});
    EXPECT_EQ(session.logits().size(), 269u);
    EXPECT_EQ(engine->config().name, "test model");
  }
}

TEST_F(ModelFactsTest, PathsThatAreNoModel) {
  EXPECT_EQ(error_of<ResourceError>(folder_ + "/absent.gguf"), folder_ + "/absent.gguf: no such file or folder");
  EXPECT_NE(error_of<ResourceError>(folder_).find("config.json: cannot open"), std::string::npos);
  std::ofstream(folder_ + "/text.gguf") << "hello";
  EXPECT_NE(error_of<FormatError>(folder_ + "/text.gguf").find("not a GGUF file"), std::string::npos);
}

TEST_F(ModelFactsTest, FilesThatAreNoTextModel) {
  TestFile unknown = model::gemma4_file(), projector = model::gemma4_file(), drafter = model::gemma4_file();
  unknown.set("general.architecture", "qwen3");
  EXPECT_EQ(format_error(unknown), "architecture \"qwen3\" is not supported: facet runs gemma4 and gemma3");
  projector.set("general.architecture", "clip");
  EXPECT_EQ(
      format_error(projector),
      "architecture \"clip\" is not supported: it is a projector (images and sound) that goes beside a model: give "
      "the model's own file");
  drafter.set("general.architecture", "gemma4-assistant");
  EXPECT_NE(format_error(drafter).find("it is a drafter"), std::string::npos);
}

TEST_F(ModelFactsTest, FilesOfTheCommunityThatAreNoTextModel) {
  const std::string projector = golden_path("tiny-e2b/gguf/tiny-e2b-mmproj-bf16.gguf");
  const std::string drafter = golden_path("checkpoints/tiny-e2b-assistant");
  SKIP_WITHOUT_GOLDENS();
  EXPECT_NE(error_of<FormatError>(projector).find("it is a projector"), std::string::npos);
  EXPECT_NE(error_of<FormatError>(drafter).find("is a drafter"), std::string::npos);
}

TEST_F(ModelFactsTest, DamagedModels) {
  TestFile missing = model::gemma4_file(), shape = model::gemma4_file(), type = model::gemma4_file(),
           vocabulary = model::gemma4_file(), norm = model::gemma4_file();
  missing.remove_tensor("blk.0.ffn_up.weight");
  EXPECT_EQ(format_error(missing),
            "tensor blk.0.ffn_up.weight (layers.0.mlp.up_proj.weight in checkpoints) is missing");
  shape.find("blk.0.ffn_up.weight").ne = {32, 63};
  shape.find("blk.0.ffn_up.weight").data.clear();
  EXPECT_EQ(format_error(shape), "tensor blk.0.ffn_up.weight has shape [63, 32], expected [64, 32] (outputs first)");
  type.find("blk.0.ffn_up.weight").type = 9;
  EXPECT_NE(format_error(type).find("tensor blk.0.ffn_up.weight has type 9"), std::string::npos);
  auto& rows = vocabulary.find("token_embd.weight");
  rows.ne[1] = 270;
  rows.data.clear();
  EXPECT_EQ(format_error(vocabulary),
            "the tokenizer has 269 tokens, token_embd.weight 270 rows: they are of different models");
  norm.find("blk.0.attn_norm.weight").data.replace(0, 4, TestFile::bytes_of(NAN));
  EXPECT_EQ(format_error(norm),
            "tensor blk.0.attn_norm.weight holds a value that is not a finite number; the file is damaged");
}

// Matrices are not read when a model is loaded; what is wrong with them shows in the first result.
TEST_F(ModelFactsTest, MatricesThatAreNotNumbers) {
  for (const float bad : {NAN, INFINITY})
    for (const Backend backend : {Backend::Cpu, Backend::Ref}) {
      TestFile file = model::gemma4_file();
      std::string& data = file.find("blk.2.ffn_down.weight").data;
      for (size_t i = 0; i < data.size(); i += 4) data.replace(i, 4, TestFile::bytes_of(bad));
      const auto engine = Engine::load(write(file), small_engine(0, backend));
      Session session(engine);
      try {
        session.sync(std::vector<TokenId>{2, 264});
        ADD_FAILURE() << "no error";
      } catch (const FormatError& e) {
        EXPECT_NE(std::string_view(e.what()).find("its weights are damaged"), std::string_view::npos) << e.what();
        EXPECT_TRUE(std::string_view(e.what()).starts_with(folder_)) << e.what();
      }
    }
}

TEST_F(ModelFactsTest, AFileCutOffAnywhere) {
  const std::string whole = model::gemma4_file().bytes();
  // In the head at many places, and in the data at the end.
  for (size_t n = 0; n < whole.size(); n += 997) {
    std::ofstream(folder_ + "/cut.gguf", std::ios::binary) << whole.substr(0, n);
    const std::string message = error_of<FormatError>(folder_ + "/cut.gguf");
    EXPECT_TRUE(message.starts_with(folder_ + "/cut.gguf: ")) << n << ": " << message;
  }
}

// Checkpoint folders.

class CheckpointTest : public ModelFactsTest {
 protected:
  void SetUp() override {
    const std::string source = golden_path("checkpoints/tiny-e2b");
    SKIP_WITHOUT_GOLDENS();
    for (const char* name : {"config.json", "tokenizer.json", "generation_config.json", "tokenizer_config.json"})
      fs::copy_file(source + "/" + name, folder_ + "/" + name);
    fs::create_symlink(fs::absolute(source + "/model.safetensors"), folder_ + "/model.safetensors");
  }
  void replace(const std::string& name, std::string_view text) const { std::ofstream(folder_ + "/" + name) << text; }
};

TEST_F(CheckpointTest, AWholeFolderLoads) { EXPECT_EQ(Engine::load(folder_, {})->config().n_layers, 15); }

TEST_F(CheckpointTest, FilesThatAreMissing) {
  for (const char* name : {"config.json", "tokenizer.json", "model.safetensors"}) {
    fs::rename(folder_ + "/" + name, folder_ + "/away");
    EXPECT_NE(error_of<ResourceError>(folder_).find(folder_), std::string::npos) << name;
    fs::rename(folder_ + "/away", folder_ + "/" + name);
  }
  fs::remove(folder_ + "/generation_config.json");  // these two may be
  fs::remove(folder_ + "/tokenizer_config.json");
  EXPECT_EQ(Engine::load(folder_, {})->config().n_layers, 15);
}

TEST_F(CheckpointTest, HostileJson) {
  const size_t deep = 1 << 18;
  for (const char* name : {"config.json", "tokenizer.json", "generation_config.json", "tokenizer_config.json"}) {
    fs::copy_file(folder_ + "/" + name, folder_ + "/saved");
    for (const std::string& text : {std::string(), std::string("[]"), std::string("{"), std::string("\xff\xfe"),
                                    std::string(deep, '['), "{\"a\":" + std::string(deep, '{'),
                                    R"({"temperature":)" + std::string(deep, '[') + std::string(deep, ']') + "}",
                                    R"({"eos_token_id":)" + std::string(deep, '[') + std::string(deep, ']') + "}"}) {
      replace(name, text);
      const std::string message = error_of<FormatError>(folder_);
      EXPECT_TRUE(message.starts_with(folder_ + "/" + name)) << name << ": " << message;
    }
    fs::rename(folder_ + "/saved", folder_ + "/" + name);
  }
}

TEST_F(CheckpointTest, AConfigurationOfAnotherModel) {
  std::ifstream in(folder_ + "/config.json");
  std::string json{std::istreambuf_iterator<char>(in), {}};
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string changed = json;
    changed.replace(changed.find(from), from.size(), to);
    replace("config.json", changed);
    return error_of<FormatError>(folder_);
  };
  EXPECT_NE(with("\"vocab_size\": 1536", "\"vocab_size\": 1537").find("has shape [1536, 96], expected [1537, 96]"),
            std::string::npos);
  EXPECT_NE(with("\"num_hidden_layers\": 15", "\"num_hidden_layers\": 16").find("layer_types"), std::string::npos);
  EXPECT_NE(with("\"hidden_size\": 96", "\"hidden_size\": 64").find("has shape"), std::string::npos);
}

// Memory and context.

TEST_F(ModelFactsTest, AContextBeyondTheModels) {
  const std::string path = write(model::gemma4_file());
  EXPECT_EQ(error_of<RequestError>(path, small_engine(129)),
            path + ": a context of 129 tokens was asked for, the model's own has 128: ask for less");
  EXPECT_EQ(Engine::load(path, small_engine(128))->context(), 128);
}

TEST_F(ModelFactsTest, APromptBeyondTheContextIsToldByHowMuch) {
  Session session(Engine::load(write(model::gemma4_file()), small_engine(16)));
  try {
    session.sync(std::vector<TokenId>(21, 264));
    ADD_FAILURE() << "no error";
  } catch (const RequestError& e) {
    EXPECT_STREQ(e.what(),
                 "the prompt has 21 tokens, 5 more than the context of 16: shorten it or ask for a larger context");
  }
}

TestFile with_context(uint32_t n) {
  TestFile file = model::gemma4_file();
  return file.set("gemma4.context_length", n);
}

TEST_F(ModelFactsTest, TheDefaultContextFitsItsShare) {
  const std::string path = write(with_context(1 << 24));
  const auto plan_of = [&](int64_t limit, double share) {
    EngineOptions options;
    options.memory_limit = limit;
    options.memory_share = share;
    return read_model(path, options).plan;
  };
  for (const double share : {0.25, 0.5})
    for (const int64_t limit : {256 * kMiB, 1024 * kMiB}) {
      const MemoryPlan plan = plan_of(limit, share);
      const auto budget = static_cast<int64_t>(share * static_cast<double>(limit));
      const int64_t taken = plan.kv_limit_bytes + plan.scratch_bytes + plan.logits_bytes + plan.workspace_bytes +
                            plan.encoder_scratch_bytes;
      EXPECT_LE(taken, budget);
      // One more page would not fit.
      EXPECT_GT(taken + 2 * 64 * plan.kv_bytes_per_token, budget);
      EXPECT_LE(plan.resident_limit_bytes, limit);
    }
  // Memory for everything: the model's own. Hardly any: the smallest.
  EXPECT_EQ(plan_of(int64_t{1} << 40, 0.5).context, 1 << 24);
  EXPECT_EQ(plan_of(kMiB, 0.5).context, 512);
  // Weights need room too, whatever the share.
  EXPECT_LE(plan_of(256 * kMiB, 1.0).resident_limit_bytes, 256 * kMiB);
}

TEST_F(ModelFactsTest, APlanIsReadWithoutATokenizer) {
  for (const std::string& path : {write(with_context(1 << 24)), golden_path("checkpoints/tiny-e2b")}) {
    EngineOptions options;
    options.memory_limit = 256 * kMiB;
    const MemoryPlan plan = read_plan(path, options), of_engine = read_model(path, options).plan;
    EXPECT_EQ(plan.context, of_engine.context);
    EXPECT_EQ(plan.resident_limit_bytes, of_engine.resident_limit_bytes);
    EXPECT_EQ(plan.kv_limit_bytes, of_engine.kv_limit_bytes);
    EXPECT_EQ(plan.encoder_weight_bytes, of_engine.encoder_weight_bytes);
  }
  EXPECT_THROW(read_plan("no-such-file.gguf", {}), ResourceError);
}

TEST_F(ModelFactsTest, TooLittleMemoryIsFoundBeforeAnyIsTaken) {
  const std::string path = write(with_context(1 << 24));
  EngineOptions options = small_engine(1 << 24);
  options.kv = KvPrecision::F32;
  options.memory_limit = 100 * kMiB;
  const std::string message = error_of<ResourceError>(path, options);
  EXPECT_TRUE(message.starts_with(path + ": not enough memory for a context of 16777216 tokens: keys and values take "))
      << message;
  for (const char* part : {"activations", "tokenizer", "weights", "0.10 GB are available", "smaller --ctx or --kv f16"})
    EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
  options.kv = KvPrecision::F16;
  EXPECT_TRUE(error_of<ResourceError>(path, options).ends_with("smaller --ctx"));
  EXPECT_EQ(read_model(path, options).plan.available_bytes, 100 * kMiB);  // looking at it is allowed
}

TEST_F(ModelFactsTest, WhatDoesNotFitIsNotLocked) {
  const std::string path = write(with_context(4096));
  EngineOptions options = small_engine(512);
  options.lock_memory = true;
  options.memory_limit = 1 << 16;
  const std::string message = error_of<ResourceError>(path, options);
  EXPECT_TRUE(message.starts_with(path + ": ")) << message;
  EXPECT_NE(message.find("do without locking (--mlock), or ask for a smaller --ctx"), std::string::npos) << message;
}

TEST(KvTypeTest, BlocksTakeHalfOfTheMemoryAndChangeLittle) {
  const std::string path = golden_path("checkpoints/tiny-e2b");
  EngineOptions options = small_engine(256);
  const int64_t f16 = read_model(path, options).plan.kv_bytes_per_token;
  const auto logits_of = [&](KvPrecision kv) {
    options.kv = kv;
    Session session(Engine::load(path, options));
    std::vector<TokenId> tokens{2};
    for (int i = 1; i < 100; ++i) tokens.push_back(8 + i * 37 % 1400);
    session.sync(tokens);
    return std::vector<float>(session.logits().begin(), session.logits().end());
  };
  const std::vector<float> exact = logits_of(KvPrecision::F32), blocks = logits_of(KvPrecision::Q8_0);
  EXPECT_EQ(read_model(path, options).plan.kv_bytes_per_token * 64, f16 * 34);
  double difference = 0, size = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    difference += std::pow(double{blocks[i]} - exact[i], 2);
    size += std::pow(double{exact[i]}, 2);
  }
  // A code is off by up to 1/254 of its block's largest: the sum over a few layers stays well below a tenth.
  EXPECT_LT(std::sqrt(difference / size), 0.1);
  EXPECT_GT(difference, 0);
}

// What a model computes does not depend on where its files are, and its projector is found beside it.
TEST_F(ModelFactsTest, FilesInMemoryAreAModelToo) {
  SKIP_WITHOUT_GOLDENS();
  const std::string path = golden_path("tiny-e2b/gguf/tiny-e2b-q8_0.gguf");
  const MappedFile model(path), projector(golden_path("tiny-e2b/gguf/tiny-e2b-mmproj-bf16.gguf"));
  EngineOptions options = small_engine(64);
  const auto from_path = Engine::load(path, options);
  options.in_memory = {{"built-in/a-q8_0.gguf", model.bytes()}, {"built-in/mmproj-a-bf16.gguf", projector.bytes()}};
  const auto in_memory = Engine::load("built-in/a-q8_0.gguf", options);
  EXPECT_EQ(in_memory->path(), "built-in/a-q8_0.gguf");
  EXPECT_EQ(in_memory->encoders().path, "built-in/mmproj-a-bf16.gguf");
  EXPECT_TRUE(in_memory->encoders().vision_config && in_memory->encoders().audio_config);
  EXPECT_EQ(in_memory->encoders().fingerprint, from_path->encoders().fingerprint);
  const auto logits_of = [](const std::shared_ptr<const Engine>& engine) {
    Session session(engine);
    session.sync(std::vector<TokenId>{2, 100, 200, 300});
    return std::vector<float>(session.logits().begin(), session.logits().end());
  };
  EXPECT_EQ(logits_of(in_memory), logits_of(from_path));

  options.projector = "none";
  EXPECT_FALSE(Engine::load("built-in/a-q8_0.gguf", options)->encoders().vision_config);
  options.projector.clear();
  options.in_memory.pop_back();
  EXPECT_NE(Engine::load("built-in/a-q8_0.gguf", options)->encoders().why_blind.find("no projector"),
            std::string::npos);
  EXPECT_EQ(error_of<ResourceError>("built-in/b.gguf", options), "built-in/b.gguf: no such file or folder");
}

TEST_F(ModelFactsTest, HeadsThatBlocksDoNotFitAreNamed) {
  EngineOptions options = small_engine(64);
  options.kv = KvPrecision::Q8_0;
  const std::string path = write(model::gemma4_file());
  EXPECT_EQ(error_of<RequestError>(path, options),
            path + ": a q8_0 cache holds blocks of 32, and heads here have 16 elements: use --kv f16");
}

}  // namespace
}  // namespace facet::runtime
