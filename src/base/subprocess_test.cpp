#include "base/subprocess.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace facet {
namespace {

using End = ProgramResult::End;

ProgramResult shell(const std::string& script, const ProgramLimits& limits = {}) {
  const auto result = run_program({"sh", "-c", script}, limits);
  EXPECT_TRUE(result) << "there is no sh";
  return result.value_or(ProgramResult{});
}

TEST(Subprocess, OutputAndStatusAreThose) {
  const auto r = shell("printf out; printf err >&2; exit 3");
  EXPECT_EQ(r.end, End::Exited);
  EXPECT_EQ(r.status, 3);
  EXPECT_FALSE(r.succeeded());
  EXPECT_EQ(r.out, "out");
  EXPECT_EQ(r.err, "err");
  EXPECT_TRUE(shell("true").succeeded());
}

// Nothing in an argument means anything to a shell.
TEST(Subprocess, ArgumentsArriveAsTheyAre) {
  const std::string odd = "a b;$(false) `x` '\"*\n-";
  const auto r = run_program({"printf", "%s|%s", odd, ""});
  ASSERT_TRUE(r);
  EXPECT_EQ(r->out, odd + "|");
}

TEST(Subprocess, StandardInputIsEmpty) { EXPECT_EQ(shell("cat; echo end").out, "end\n"); }

TEST(Subprocess, StandardInputIsWhatIsGiven) {
  const std::string text(300'000, 'x');  // more than a pipe holds
  const auto r = run_program({"cat"}, {}, text);
  ASSERT_TRUE(r);
  EXPECT_EQ(r->out, text);
}

TEST(Subprocess, AProgramThatIsNotThereIsNone) { EXPECT_FALSE(run_program({"facet-no-such-program"})); }

TEST(Subprocess, ManyBytesOnBothSides) {
  const auto r = shell("head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero");
  EXPECT_TRUE(r.succeeded());
  EXPECT_EQ(r.out.size(), 3000000u);
  EXPECT_EQ(r.err.size(), 4096u);  // its beginning
}

TEST(Subprocess, LimitsEndTheProgram) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(shell("exec sleep 60", {.time = std::chrono::milliseconds(50)}).end, End::OutOfTime);
  EXPECT_EQ(shell("while :; do :; done", {.time = std::chrono::milliseconds(50)}).end, End::OutOfTime);
  const auto r = shell("exec cat /dev/zero", {.max_out_bytes = 100000});
  EXPECT_EQ(r.end, End::TooMuchOutput);
  EXPECT_EQ(r.out.size(), 100000u);
  EXPECT_EQ(shell("head -c 1000 /dev/zero", {.max_out_bytes = 1000}).end, End::Exited);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

TEST(Subprocess, ACrashIsToldFromAnExit) {
  const auto r = shell("kill -SEGV $$");
  EXPECT_EQ(r.end, End::Killed);
  EXPECT_EQ(r.status, SIGSEGV);
}

}  // namespace
}  // namespace facet
