#include "base/mapped_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/mapped_pages.h"

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
  // What check_unchanged() says; nothing: that all is well.
  static std::string complaint(const MappedFile& file) {
    try {
      file.check_unchanged();
      return "";
    } catch (const ResourceError& e) {
      return e.what();
    }
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

// Without the handler the reads would end the program.
TEST_F(MappedFileTest, CutShortWhileMapped) {
  survive_lost_pages();
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const MappedFile file(write("a", std::string(100 * page + 10, 'x'))), other(write("b", std::string(page, 'y')));
  EXPECT_EQ(complaint(file), "");
  std::filesystem::resize_file(path("a"), page / 2);
  EXPECT_EQ(file.bytes()[10], std::byte{'x'});
  for (const size_t at : {50 * page, page, 100 * page, 99 * page + 5}) EXPECT_EQ(file.bytes()[at], std::byte{0});
  const std::string message = complaint(file);
  EXPECT_TRUE(message.starts_with(path("a") + ": the file was cut short")) << message;
  EXPECT_EQ(complaint(other), "");
  EXPECT_EQ(other.bytes()[page - 1], std::byte{'y'});
}

// Grown to its old size again, as by a copy over it: nothing faults any more, but the bytes are others.
TEST_F(MappedFileTest, WrittenToWhileMapped) {
  MappedFile first(write("a", std::string(10000, 'x')));
  const MappedFile file(std::move(first));
  std::filesystem::last_write_time(path("a"), std::filesystem::last_write_time(path("a")) - std::chrono::hours(1));
  const MappedFile later(path("a"));
  EXPECT_EQ(complaint(later), "");
  std::fstream(path("a"), std::ios::in | std::ios::out) << "y";
  for (const MappedFile* f : {&file, &later})
    EXPECT_TRUE(complaint(*f).starts_with(path("a") + ": the file was written to")) << complaint(*f);
}

int64_t resident_pages(std::span<const std::byte> bytes) {
  std::ifstream maps("/proc/self/smaps");
  for (std::string word; maps >> word;)
    if (uintptr_t begin = 0; word.find('-') != std::string::npos && std::sscanf(word.c_str(), "%zx-", &begin) == 1 &&
                             begin == reinterpret_cast<uintptr_t>(bytes.data())) {
      while (maps >> word && word != "Rss:") {
      }
      int64_t kilobytes = -1;
      maps >> kilobytes;
      return kilobytes * 1024 / sysconf(_SC_PAGESIZE);
    }
  return -1;
}

TEST_F(MappedFileTest, WhatIsLetGoComesBack) {
  const MappedFile file(write("a", std::string(1 << 20, 'x')));
  const auto bytes = file.bytes();
  for (const size_t at : {size_t{500000}, bytes.size() - 1}) {
    EXPECT_EQ(bytes[at], std::byte{'x'});
    EXPECT_GT(resident_pages(bytes), 0);
    let_go(bytes.subspan(at, 1));
  }
  let_go(bytes);
  EXPECT_EQ(resident_pages(bytes), 0);
  EXPECT_EQ(bytes[500000], std::byte{'x'});
  // What is no file's would be lost: it is left alone.
  const std::vector<std::byte> memory(1 << 20, std::byte{7});
  let_go(memory);
  EXPECT_EQ(memory, std::vector<std::byte>(1 << 20, std::byte{7}));
}

// Another file may take its name.
TEST_F(MappedFileTest, ReplacedWhileMapped) {
  const MappedFile file(write("a", "first"));
  write("b", "second");
  std::filesystem::rename(path("b"), path("a"));
  EXPECT_EQ(complaint(file), "");
  EXPECT_EQ(text(file), "first");
}

TEST_F(MappedFileTest, OtherBusErrorsEndTheProgram) {
  EXPECT_EXIT(
      {
        survive_lost_pages();
        raise(SIGBUS);
      },
      testing::KilledBySignal(SIGBUS), "");
}

}  // namespace
}  // namespace facet
