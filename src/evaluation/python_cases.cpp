#include "evaluation/python_cases.h"

#include <chrono>

#include "base/error.h"
#include "base/subprocess.h"

namespace facet::evaluation {
namespace {

// Its arguments: the function, the cases. It prints "right", or what is wrong.
constexpr const char* kScript =
#include "python_cases.inc"  // python_cases.py
    ;

constexpr ProgramLimits kLimits{
    .time = std::chrono::seconds(10), .max_out_bytes = 1 << 16, .max_memory_bytes = int64_t{1} << 30};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

Verdict run_cases(const std::string& function, const text::ChatJson& cases, const std::string& python) {
  using End = ProgramResult::End;
  constexpr size_t kLongest = 64 << 10;  // an argument of a program may have 128 KiB
  if (function.size() > kLongest) return {Result::Wrong, "it is too long for a function"};
  if (function.find('\0') != std::string::npos) return {Result::Wrong, "it has a zero byte"};
  // Without its site packages, the user's and the environment's settings (-I), and without compiled files (-B).
  const auto run = run_program({python, "-I", "-B", "-c", kScript, function, text::chat_json_text(cases)}, kLimits);
  if (!run) return {Result::Skipped, python + " is not here to run functions"};
  if (run->end == End::OutOfTime) return {Result::Wrong, "it took more than 10 s"};
  if (run->end == End::Killed) return {Result::Wrong, fmt::format("python3 was ended by signal {}", run->status)};
  if (run->succeeded() && run->out == "right\n") return {Result::Right, ""};
  return {Result::Wrong, first_line(run->out.empty() ? run->err : run->out)};
}

}  // namespace facet::evaluation
