#include "runtime/tuning.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace facet::runtime {
namespace {

namespace fs = std::filesystem;

const TunedMachine kHere{"A CPU", 4, "1.2.3"};

// Scalar kernels for prompts: every CPU runs a combination, or where it has nothing else that set.
ops::cpu::Tuning a_tuning() {
  const std::string best(kernels::available().front()->name);
  return {{{best, 20.25, 18}, {"scalar", 1.5, 1}},
          {{best, 300, 280}, {"scalar", 400, 390}},
          {{2, 19, 350}, {4, 21, 500}},
          best,
          "scalar",
          4};
}

// The error of a text, or nothing.
std::string error_of(const std::string& text, const TunedMachine& here = kHere) {
  try {
    parse_tuning(text, here, "home/tuning.json");
  } catch (const FormatError& e) {
    return e.what();
  }
  return "";
}

// A tuning's text in which one piece is replaced.
std::string changed(const std::string& from, const std::string& to) {
  std::string text = tuning_text(a_tuning(), kHere);
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " is not in " << text;
  return text.replace(at, from.size(), to);
}

TEST(TuningFile, IsReadAsItWasWritten) {
  const ops::cpu::Tuning written = a_tuning(), read = parse_tuning(tuning_text(written, kHere), kHere, "a file");
  EXPECT_EQ(read.decode_set, written.decode_set);
  EXPECT_EQ(read.prompt_set, "scalar");
  EXPECT_EQ(read.n_threads, 4);
  ASSERT_EQ(read.decode.size(), 2u);
  EXPECT_EQ(read.decode[0].set, written.decode_set);
  EXPECT_EQ(read.decode[0].q4_0, 20.25);
  EXPECT_EQ(read.prompts[1].q4_k, 390);
  EXPECT_EQ(read.threads[1].n_threads, 4);
  EXPECT_EQ(read.threads[1].prompt_gflop_s, 500);
}

TEST(TuningFile, OfAnotherMachineIsRefusedWithBothNamed) {
  const std::string text = tuning_text(a_tuning(), kHere);
  EXPECT_EQ(error_of(text), "");
  EXPECT_EQ(
      error_of(text, {"B CPU", 4, "1.2.3"}),
      "home/tuning.json: measured on \"A CPU\", 4 processors, facet 1.2.3; this is \"B CPU\", 4 processors, facet "
      "1.2.3");
  EXPECT_NE(error_of(text, {"A CPU", 2, "1.2.3"}), "");
  EXPECT_NE(error_of(text, {"A CPU", 4, "1.3.0"}), "");
}

TEST(TuningFile, DamageIsRefusedInALine) {
  const std::string text = tuning_text(a_tuning(), kHere);
  const std::string damaged[] = {"",
                                 "\xff\xfe",
                                 "[1, 2]",
                                 "{}",
                                 text.substr(0, text.size() / 2),
                                 changed("\"threads\": 4", "\"threads\": \"4\""),
                                 changed("\"q4_0\": 20.25", "\"q4_0\": null"),
                                 std::string(20000, '[')};
  for (const std::string& bad : damaged) {
    const std::string error = error_of(bad);
    EXPECT_EQ(error.rfind("home/tuning.json: damaged: ", 0), 0u) << error << " for " << bad;
    EXPECT_EQ(error.find('\n'), std::string::npos);
  }
}

TEST(TuningFile, WhatCannotBeUsedIsRefused) {
  EXPECT_NE(error_of(changed("\"prompts\": \"scalar\"", "\"prompts\": \"mmx\""))
                .find("and \"mmx\", not all of which run here"),
            std::string::npos);
  EXPECT_NE(error_of(changed("\"threads\": 4", "\"threads\": 0")).find("0 threads, expected 1 to 1024"),
            std::string::npos);
}

TEST(TuningFile, IsWrittenInPlaceOfTheOneBefore) {
  const std::string home = testing::TempDir() + "facet_tuning_" + std::to_string(getpid());
  const std::string path = home + "/new/tuning.json";
  EXPECT_FALSE(read_tuning(path, kHere).has_value());
  write_tuning(path, a_tuning(), kHere);
  ops::cpu::Tuning other = a_tuning();
  other.n_threads = 2;
  write_tuning(path, other, kHere);
  EXPECT_EQ(read_tuning(path, kHere).value().n_threads, 2);
  EXPECT_EQ(std::distance(fs::directory_iterator(home + "/new"), fs::directory_iterator()), 1);
  std::ofstream(path) << std::string(100'000, ' ');
  EXPECT_THROW(read_tuning(path, kHere), FormatError);
  EXPECT_THROW(write_tuning(path + "/below a file", a_tuning(), kHere), ResourceError);
  fs::remove_all(home);
}

// Sets FACET_ISA while it lives.
class Isa {
 public:
  explicit Isa(const char* name) : before_(std::getenv("FACET_ISA") == nullptr ? "" : std::getenv("FACET_ISA")) {
    setenv("FACET_ISA", name, 1);
  }
  ~Isa() { setenv("FACET_ISA", before_.c_str(), 1); }

 private:
  const std::string before_;
};

TEST(Tuning, FillsInWhatIsLeftOpen) {
  const Isa none("");
  EngineOptions options;
  EXPECT_EQ(&kernels_of(options), kernels::available().front());
  apply(a_tuning(), options);
  EXPECT_EQ(options.n_threads, 4);
  const kernels::Kernels &best = *kernels::available().front(), &scalar = *kernels::available().back();
  EXPECT_EQ(kernels_of(options).matvec, best.matvec);
  EXPECT_EQ(kernels_of(options).panels, scalar.panels);
  if (&best != &scalar) {
    EXPECT_EQ(kernels_of(options).name, std::string(best.name) + "+scalar");
  }
}

TEST(Tuning, YieldsToWhatWasAskedFor) {
  const Isa forced("scalar");
  EngineOptions options;
  options.n_threads = 3;
  apply(a_tuning(), options);
  EXPECT_EQ(options.n_threads, 3);
  EXPECT_EQ(kernels_of(options).name, "scalar");
}

}  // namespace
}  // namespace facet::runtime
