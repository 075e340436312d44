// Other programs, run without a shell, whose output is read to its end or to a limit.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace facet {

struct ProgramLimits {
  std::chrono::milliseconds time{60'000};
  int64_t max_out_bytes = int64_t{1} << 28;
  int64_t max_memory_bytes = int64_t{1} << 32;  // of address space, where the system can limit it
};

struct ProgramResult {
  enum class End : uint8_t { Exited, Killed, OutOfTime, TooMuchOutput };
  End end = End::Exited;
  int status = 0;   // exit status of Exited, signal of Killed
  std::string out;  // standard output
  std::string err;  // the beginning of standard error

  bool succeeded() const noexcept { return end == End::Exited && status == 0; }
};

// arguments[0] is looked for in the PATH; `input` is what standard input holds. Beyond a limit the program is killed.
// Nothing when there is no such program; ResourceError when it cannot be started otherwise.
std::optional<ProgramResult> run_program(const std::vector<std::string>& arguments, const ProgramLimits& limits = {},
                                         std::string_view input = {});

}  // namespace facet
