#include "runtime/embedding_cache.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/test_data.h"

namespace facet::runtime {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<const Embedding> embedding(uint64_t key, int n_rows = 4, int n_cols = 8) {
  auto e = std::make_shared<Embedding>(Embedding{{key, ~key}, n_rows, n_cols, false, {}});
  for (int i = 0; i < n_rows * n_cols; ++i) e->values.push_back(static_cast<float>(key) + 0.1f * static_cast<float>(i));
  return e;
}

class EmbeddingCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("facet_cache_" + std::to_string(::getpid()) + "_" +
                                           testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  EmbeddingCacheOptions on_disk() const { return {int64_t{1} << 20, (folder_ / "media").string(), int64_t{1} << 20}; }
  std::vector<fs::path> files() const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(folder_ / "media")) out.push_back(entry.path());
    return out;
  }
  static bool has(EmbeddingCache& cache, uint64_t key) { return cache.find({key, ~key}, 4, 8, false) != nullptr; }

  fs::path folder_;
};

TEST_F(EmbeddingCacheTest, GivesBackWhatWasPut) {
  EmbeddingCache cache;
  EXPECT_FALSE(has(cache, 1));
  const auto e = embedding(1);
  cache.put(e);
  EXPECT_EQ(cache.find(e->key, 4, 8, false), e);
  EXPECT_EQ(cache.find({1, 1}, 4, 8, false), nullptr);  // half of the key
  EXPECT_EQ(cache.find(e->key, 5, 8, false), nullptr);  // of another shape
  EXPECT_EQ(cache.find(e->key, 4, 8, true), nullptr);   // of another kind
}

TEST_F(EmbeddingCacheTest, ForgetsWhatWasNotUsedForLongest) {
  EmbeddingCache cache({.memory_bytes = 3 * 4 * 8 * 4, .folder = "", .disk_bytes = 0});
  for (const uint64_t key : {1, 2, 3}) cache.put(embedding(key));
  EXPECT_TRUE(has(cache, 1));
  cache.put(embedding(4));
  EXPECT_TRUE(has(cache, 1));
  EXPECT_FALSE(has(cache, 2));
  EXPECT_LE(cache.memory_bytes(), 3 * 4 * 8 * 4);
}

TEST_F(EmbeddingCacheTest, FindsOnDiskWhatAnotherRunPut) {
  const auto e = embedding(7);
  EmbeddingCache(on_disk()).put(e);
  EmbeddingCache later(on_disk());
  const auto found = later.find(e->key, 4, 8, false);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->values, e->values);
  EXPECT_EQ(found->key, e->key);
  EXPECT_TRUE(later.find(e->key, 4, 8, true)->is_bidirectional);
}

TEST_F(EmbeddingCacheTest, WhatIsDamagedOnDiskIsNotUsed) {
  const auto e = embedding(7);
  EmbeddingCache(on_disk()).put(e);
  ASSERT_EQ(files().size(), 1u);
  const fs::path path = files()[0];
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-3, std::ios::end);
    file.put('\x55');
  }
  EmbeddingCache flipped(on_disk());
  EXPECT_EQ(flipped.find(e->key, 4, 8, false), nullptr);
  EXPECT_FALSE(fs::exists(path));

  EmbeddingCache(on_disk()).put(e);
  fs::resize_file(path, 40);
  EmbeddingCache cut(on_disk());
  EXPECT_EQ(cut.find(e->key, 4, 8, false), nullptr);
}

TEST_F(EmbeddingCacheTest, KeepsToItsShareOfTheDisk) {
  EmbeddingCacheOptions options = on_disk();
  options.disk_bytes = 2000;  // of files of some 250 bytes
  EmbeddingCache cache(options);
  for (uint64_t key = 1; key <= 30; ++key) cache.put(embedding(key));
  int64_t total = 0;
  for (const fs::path& path : files()) total += static_cast<int64_t>(fs::file_size(path));
  EXPECT_LE(total, 2000);
  EXPECT_GT(total, 1000);
}

TEST_F(EmbeddingCacheTest, AFolderThatCannotBeWrittenCostsNothing) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "media") << "a file where the folder should be";
  EmbeddingCache cache(on_disk());
  cache.put(embedding(1));
  EXPECT_TRUE(has(cache, 1));
}

}  // namespace
}  // namespace facet::runtime
