#include "base/page_advice.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/mapped_file.h"

namespace facet {
namespace {

constexpr size_t kBytes = 24 << 20;
constexpr int kPopulateRead = 22;  // MADV_POPULATE_READ, which older headers lack

class ReadAheadTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "facet_read_ahead_" + std::to_string(getpid());
    std::ofstream(path_, std::ios::binary) << std::string(kBytes, 'x');
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::string path_;
};

long page_faults() {
  rusage use{};
  getrusage(RUSAGE_THREAD, &use);
  return use.ru_minflt + use.ru_majflt;
}

// Page faults of this thread while it reads a byte of every page.
long faults_of_reading(std::span<const std::byte> bytes) {
  const long before = page_faults();
  unsigned sum = 0;
  for (size_t i = 0; i < bytes.size(); i += 4096) sum += std::to_integer<unsigned>(bytes[i]);
  EXPECT_EQ(sum, 'x' * ((bytes.size() + 4095) / 4096));
  return page_faults() - before;
}

TEST_F(ReadAheadTest, WhoComesLaterWaitsForNothing) {
  const MappedFile file(path_);
  if (madvise(const_cast<std::byte*>(file.bytes().data()), 1, kPopulateRead) != 0) {
    ASSERT_EQ(errno, EINVAL);
    GTEST_SKIP() << "this kernel does not know MADV_POPULATE_READ (Linux before 5.14)";
  }
  // The second half first, and from within a page.
  const auto first = file.bytes().subspan(kBytes / 2 + 5), second = file.bytes().subspan(kBytes / 4, kBytes / 4);
  ReadAhead reading({first, {}, second});
  while (!reading.is_done()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  faults_of_reading(std::vector<std::byte>(1, std::byte{'x'}));  // those of the code itself
  EXPECT_EQ(faults_of_reading(first), 0);
  EXPECT_EQ(faults_of_reading(second), 0);
  EXPECT_GT(faults_of_reading(file.bytes().first(kBytes / 4)), 0);  // nobody asked for these
}

TEST_F(ReadAheadTest, EndsBeforeItIsDone) {
  const MappedFile file(path_);
  const std::vector<std::span<const std::byte>> much(2000, file.bytes());
  const auto start = std::chrono::steady_clock::now();
  {
    const ReadAhead reading(much);
    double share = 0;
    while (share == 0) share = reading.share_done();
    EXPECT_LT(share, 1) << "so far";
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

void lock_too_much(const MappedFile& file) {
  const rlimit limit{64 << 10, 64 << 10};
  setrlimit(RLIMIT_MEMLOCK, &limit);
  [[maybe_unused]] const int unprivileged = geteuid() == 0 ? seteuid(65534) : 0;
  try {
    lock_in_memory({file.bytes()});
  } catch (const ResourceError& e) {
    const bool says_why = std::string(e.what()).find("the limit is 64 KB") != std::string::npos;
    std::_Exit(says_why ? 0 : 2);
  }
  std::_Exit(1);
}

TEST_F(ReadAheadTest, LockedPagesAreThere) {
  const MappedFile file(path_);
  EXPECT_EXIT(lock_too_much(file), testing::ExitedWithCode(0), "");
  const auto some = file.bytes().subspan(kBytes / 2, 48 << 10);  // less than any system's limit
  faults_of_reading(std::vector<std::byte>(1, std::byte{'x'}));
  lock_in_memory({some});
  EXPECT_EQ(faults_of_reading(some), 0);
}

// Advice changes no bytes, wherever in a file it is given.
TEST_F(ReadAheadTest, RowsOfATable) {
  const MappedFile file(path_);
  expect_single_rows(file.bytes().subspan(1000));
  start_reading(file.bytes().subspan(123457, 5000));
  start_reading({});
  faults_of_reading(file.bytes());
}

}  // namespace
}  // namespace facet
