#include "base/mapped_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/error.h"

namespace facet {
namespace {

class MappedFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "facet_mapped_" + std::to_string(getpid());
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  static std::string text(const MappedFile& file) {
    return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
  }

 private:
  std::string folder_;
};

TEST_F(MappedFileTest, ShowsTheBytes) {
  const std::string content(10000, 'x');
  const MappedFile file(write("a", content + '\0' + "end"));
  EXPECT_EQ(text(file), content + std::string("\0end", 4));
  EXPECT_EQ(file.path(), path("a"));
}

TEST_F(MappedFileTest, EmptyFileIsAnEmptyView) { EXPECT_TRUE(MappedFile(write("empty", "")).bytes().empty()); }

TEST_F(MappedFileTest, ViewsOutliveMovesAndTheName) {
  MappedFile first(write("a", "first"));
  const auto view = first.bytes();
  std::filesystem::remove(path("a"));
  MappedFile moved(std::move(first));
  EXPECT_EQ(moved.bytes().data(), view.data());
  MappedFile other(write("b", "other"));
  other = std::move(moved);
  EXPECT_EQ(text(other), "first");
  EXPECT_EQ(other.bytes().data(), view.data());
}

TEST_F(MappedFileTest, WhatIsNoFileIsAnErrorThatNamesIt) {
  for (const std::string& bad : {path("missing"), path(""), std::string("/dev/null")}) {
    try {
      const MappedFile file(bad);
      FAIL() << bad << " was opened";
    } catch (const ResourceError& e) {
      EXPECT_NE(std::strstr(e.what(), bad.c_str()), nullptr) << e.what();
    }
  }
}

}  // namespace
}  // namespace facet
