#include "apps/terminal.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>

#include "base/error.h"

namespace facet::apps {
namespace {

std::atomic<bool> interrupted{false}, second_ends{true};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler writes it");

struct sigaction before_guard;  // what the living guard replaced

void on_interrupt(int) {
  if (interrupted.exchange(true) && second_ends) {
    signal(SIGINT, SIG_DFL);
    raise(SIGINT);
  }
}

// https://no-color.org: set and not empty.
bool colour_wanted() noexcept {
  const char* no_color = std::getenv("NO_COLOR");
  return no_color == nullptr || *no_color == '\0';
}

}  // namespace

bool stdin_is_terminal() noexcept { return isatty(STDIN_FILENO) == 1; }
bool stderr_is_terminal() noexcept { return isatty(STDERR_FILENO) == 1; }
bool stdout_is_terminal() noexcept { return isatty(STDOUT_FILENO) == 1; }
bool use_colour() noexcept { return stdout_is_terminal() && colour_wanted(); }
bool use_stderr_colour() noexcept { return stderr_is_terminal() && colour_wanted(); }

std::string read_stdin() { return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()}; }

InterruptGuard::InterruptGuard(Second second) {
  second_ends = second == Second::EndsProgram;
  clear();
  sigaction(SIGINT, nullptr, &before_guard);
  if (before_guard.sa_handler == SIG_IGN) return;  // whoever started the program wants it to go on
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;  // output is not cut; who waits for input uses ppoll(), which is never restarted
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}

InterruptGuard::~InterruptGuard() { sigaction(SIGINT, &before_guard, nullptr); }

const std::atomic<bool>& InterruptGuard::flag() noexcept { return interrupted; }
void InterruptGuard::clear() noexcept { interrupted = false; }

void ProgressLine::show(int64_t done, int64_t total) {
  constexpr auto kPatience = std::chrono::milliseconds(300);
  if (!stderr_is_terminal() || total <= 0 || std::chrono::steady_clock::now() - start_ < kPatience) return;
  fmt::print(stderr, "\r{} {} %", printable(what_), 100 * done / total);
  shown_ = true;
}

void ProgressLine::clear() {
  if (std::exchange(shown_, false)) fmt::print(stderr, "\r\x1b[K");
}

}  // namespace facet::apps
