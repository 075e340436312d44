// What the program's own terminal is like, and Ctrl-C.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace facet::apps {

bool stdin_is_terminal() noexcept;
bool stderr_is_terminal() noexcept;
bool stdout_is_terminal() noexcept;
// A terminal, and NO_COLOR is not set.
bool use_colour() noexcept;         // on stdout
bool use_stderr_colour() noexcept;  // on stderr

// All of standard input.
std::string read_stdin();

// While an object lives, Ctrl-C sets a flag instead of ending the program. A second one before clear() ends it, unless
// the program is one that talks and has its own way out. What was in force before is again afterwards; an interrupt
// that the program was started to ignore stays ignored. One object at a time.
class InterruptGuard {
 public:
  enum class Second : uint8_t { EndsProgram, IsIgnored };

  explicit InterruptGuard(Second second = Second::EndsProgram);
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  static const std::atomic<bool>& flag() noexcept;
  static void clear() noexcept;
};

// One line on a terminal's stderr that says how far work is, rewritten in place and wiped in the end. Work that is done
// before anyone could read the line shows none. Prints nothing elsewhere.
class ProgressLine {
 public:
  explicit ProgressLine(std::string what) : what_(std::move(what)) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(int64_t done, int64_t total);
  void clear();

 private:
  std::string what_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool shown_ = false;
};

}  // namespace facet::apps
