#include "base/system_memory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/control_groups.h"

namespace facet {
namespace {

TEST(ControlGroups, OfBothVersions) {
  using Folders = std::vector<std::string>;
  const std::string_view now = "0::/user.slice/app.scope\n";
  EXPECT_EQ(control_groups("memory", now),
            (Folders{"/sys/fs/cgroup/user.slice/app.scope", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup"}));
  EXPECT_EQ(control_groups("memory", "0::/\n"), Folders{"/sys/fs/cgroup"});
  const std::string_view old = "12:cpuset:/a\n4:cpu,cpuacct:/a/b\n3:memory:/c\n1:name=systemd:/x:y\n";
  EXPECT_EQ(control_groups("memory", old), (Folders{"/sys/fs/cgroup/memory/c", "/sys/fs/cgroup/memory"}));
  EXPECT_EQ(control_groups("cpu", old),
            (Folders{"/sys/fs/cgroup/cpu,cpuacct/a/b", "/sys/fs/cgroup/cpu,cpuacct/a", "/sys/fs/cgroup/cpu,cpuacct"}));
  for (const std::string_view none : {"", "\n", "::", "0:", "1:memory", "1:memory:relative", "x\n:\n::\n"})
    EXPECT_TRUE(control_groups("memory", none).empty()) << none;
}

// A folder with files of a control group.
struct Group {
  std::string path;
  Group() {
    std::string name = testing::TempDir() + "facet-group-XXXXXX";
    path = mkdtemp(name.data());
  }
  ~Group() { std::filesystem::remove_all(path); }
  Group& write(const char* file, std::string_view text) {
    std::ofstream(path + "/" + file) << text;
    return *this;
  }
  int64_t room() const { return control_group_room(path); }
};

TEST(SystemMemory, FilesInTheCacheAreRoom) {
  Group now;
  EXPECT_EQ(now.room(), INT64_MAX);
  now.write("memory.max", "max\n").write("memory.current", "700\n");
  EXPECT_EQ(now.room(), INT64_MAX);
  now.write("memory.max", "1000\n");
  EXPECT_EQ(now.room(), 300);
  now.write("memory.stat", "anon 200\nfile 450\ninactive_anon 9\ninactive_file 400\nactive_file 50\n");
  EXPECT_EQ(now.room(), 750);
  now.write("memory.stat", "inactive_file 5000\nactive_file 5000\n");  // counted at another moment
  EXPECT_EQ(now.room(), 1000);
  now.write("memory.max", "500\n").write("memory.stat", "");
  EXPECT_EQ(now.room(), 0);
}

TEST(SystemMemory, LimitsOfTheOldControlGroups) {
  Group old;
  old.write("memory.limit_in_bytes", "1000\n").write("memory.usage_in_bytes", "900\n");
  old.write("memory.stat", "cache 5\nactive_file 1\ninactive_file 1\ntotal_inactive_file 100\ntotal_active_file 20\n");
  EXPECT_EQ(old.room(), 220);
  old.write("memory.limit_in_bytes", "9223372036854771712\n");  // none
  EXPECT_GT(old.room(), int64_t{1} << 60);
}

TEST(SystemMemory, AvailableIsWithinTheMachine) {
  EXPECT_GT(available_memory(), 0);
  EXPECT_LE(available_memory(), total_memory());
  EXPECT_GT(peak_resident_memory(), 0);
}

// This test runs itself again as a new program, from a process that holds a lot.
TEST(SystemMemory, PeakIsOfThisProgramAlone) {
  constexpr int64_t kHeld = int64_t{192} << 20;
  constexpr const char* kSign = "FACET_TEST_PEAK";
  if (std::getenv(kSign) != nullptr) {
    EXPECT_LT(peak_resident_memory(), kHeld / 2);
    return;
  }
  const std::vector<char> held(static_cast<size_t>(kHeld), 1);
  EXPECT_GT(peak_resident_memory(), kHeld);
  const pid_t child = fork();
  if (child == 0) {
    close(STDOUT_FILENO);
    setenv(kSign, "1", 1);
    execl("/proc/self/exe", "base_test", "--gtest_filter=SystemMemory.PeakIsOfThisProgramAlone", nullptr);
    _exit(9);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace facet
