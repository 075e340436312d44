// Weights that are not numbers: found as they are met, and the session goes on from before.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "runtime/test_models.h"

namespace facet::runtime {
namespace {

namespace fs = std::filesystem;

// A copy of a checkpoint in which one row of a bf16 matrix is NaN.
class DamagedCopy {
 public:
  DamagedCopy(const std::string& family, const std::string& tensor, uint64_t row)
      : folder_(fs::path(testing::TempDir()) / ("damaged-" + std::to_string(std::random_device{}()))) {
    fs::create_directory(folder_);
    for (const auto& entry : fs::directory_iterator(tiny_path(family))) {
      const fs::path copy = folder_ / entry.path().filename();
      fs::copy_file(entry.path(), copy);
      fs::permissions(copy, fs::perms::owner_write, fs::perm_options::add);
    }
    damage(tensor, row);
  }
  ~DamagedCopy() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  DamagedCopy(const DamagedCopy&) = delete;
  DamagedCopy& operator=(const DamagedCopy&) = delete;

  std::string path() const { return folder_.string(); }

 private:
  void damage(const std::string& tensor, uint64_t row) {
    std::fstream file(folder_ / "model.safetensors", std::ios::in | std::ios::out | std::ios::binary);
    uint64_t n = 0;
    file.read(reinterpret_cast<char*>(&n), sizeof n);
    std::string header(n, ' ');
    file.read(header.data(), static_cast<std::streamsize>(n));
    const auto facts = nlohmann::json::parse(header).at(tensor);
    ASSERT_EQ(facts.at("dtype"), "BF16");
    const auto row_bytes = facts.at("shape")[1].get<uint64_t>() * 2;
    const std::string nan(row_bytes, '\xff');
    file.seekp(
        static_cast<std::streamoff>(sizeof n + n + facts.at("data_offsets")[0].get<uint64_t>() + row * row_bytes));
    file.write(nan.data(), static_cast<std::streamsize>(nan.size()));
    ASSERT_TRUE(file.good());
  }

  fs::path folder_;
};

void expect_damage_named(const std::function<void()>& act, const std::string& path) {
  try {
    act();
    ADD_FAILURE() << "nothing was noticed";
  } catch (const FormatError& e) {
    EXPECT_NE(std::string(e.what()).find(path), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("damaged"), std::string::npos) << e.what();
  }
}

TEST(DamagedModel, IsFoundWhenItRuns) {
  SKIP_WITHOUT_GOLDENS();
  const DamagedCopy copy("tiny-gemma3", "model.layers.2.self_attn.q_proj.weight", 5);
  Session session(Engine::load(copy.path(), tiny_options()));
  expect_damage_named([&] { session.sync(random_tokens(10, 1)); }, copy.path());
  EXPECT_EQ(session.position(), 0);
  EXPECT_TRUE(session.logits().empty());
}

// The per-layer embedding of one token is damaged: texts without it are right, also on pages that it has spoiled.
TEST(DamagedModel, LeavesTheSessionAsItWas) {
  SKIP_WITHOUT_GOLDENS();
  constexpr TokenId kBad = 77;
  const DamagedCopy copy("tiny-e2b", "model.language_model.embed_tokens_per_layer.weight", kBad);
  const auto engine = Engine::load(copy.path(), tiny_options());
  auto tokens = random_tokens(40, 2);
  std::replace(tokens.begin(), tokens.end(), kBad, kBad + 1);
  const auto expected = fresh_logits(engine, tokens);
  Session session(engine);
  session.sync(std::span(tokens).first(30));
  const auto before = facet::runtime::copy(session.logits());

  expect_damage_named([&] { session.append(kBad); }, copy.path());
  EXPECT_EQ(session.position(), 30);
  EXPECT_TRUE(session.logits().empty());
  expect_damage_named(
      [&] {
        session.sync(joined(std::span(tokens).first(30), std::vector<TokenId>{9, kBad}));
      },
      copy.path());
  EXPECT_EQ(session.position(), 30);
  EXPECT_EQ(session.sync(tokens).n_reused, 30);
  EXPECT_EQ(facet::runtime::copy(session.logits()), expected);
  session.rewind(0);
  EXPECT_EQ(fresh_logits(engine, std::span(tokens).first(30)), before);
}

// Two steps, the second of which has the damaged token.
TEST(DamagedModel, ABatchKeepsTheStepsBeforeIt) {
  SKIP_WITHOUT_GOLDENS();
  constexpr TokenId kBad = 77;
  constexpr size_t kStep = ops::kDecodeBatch, kSessions = kStep + 2;
  const DamagedCopy copy("tiny-e2b", "model.language_model.embed_tokens_per_layer.weight", kBad);
  const auto engine = Engine::load(copy.path(), tiny_options());
  const std::vector<TokenId> past = {2, 30, 31};
  std::vector<Session> sessions;
  std::vector<Session*> rows;
  for (size_t i = 0; i < kSessions; ++i) sessions.emplace_back(engine).sync(past);
  for (Session& s : sessions) rows.push_back(&s);
  std::vector<TokenId> tokens(kSessions, 9);
  tokens.back() = kBad;
  expect_damage_named([&] { Session::append_batch(rows, tokens); }, copy.path());
  for (size_t i = 0; i < kSessions; ++i) {
    EXPECT_EQ(sessions[i].position(), i < kStep ? 4 : 3) << i;
    EXPECT_EQ(sessions[i].logits().empty(), i >= kStep) << i;
  }
  // A token outside the vocabulary is found before anything is computed.
  tokens.back() = -1;
  EXPECT_THROW(Session::append_batch(rows, tokens), RequestError);
  EXPECT_EQ(sessions[0].position(), 4);
  tokens.back() = 9;
  Session::append_batch(rows, tokens);
  EXPECT_EQ(facet::runtime::copy(sessions.back().logits()), fresh_logits(engine, std::vector<TokenId>{2, 30, 31, 9}));
}

}  // namespace
}  // namespace facet::runtime
