// What the program's own terminal is like, and Ctrl-C.
#pragma once

#include <atomic>
#include <string>

namespace facet::apps {

bool stdin_is_terminal() noexcept;
bool stderr_is_terminal() noexcept;
bool use_colour() noexcept;  // stdout is a terminal and NO_COLOR is not set

// All of standard input.
std::string read_stdin();

// While an object lives, the first Ctrl-C sets the flag instead of ending the program; the second ends it.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  static const std::atomic<bool>& flag() noexcept;
};

}  // namespace facet::apps
