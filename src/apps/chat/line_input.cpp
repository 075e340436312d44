#include "apps/chat/line_input.h"

#include <fmt/format.h>
#include <langinfo.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "apps/terminal.h"
#include "base/error.h"

#ifdef FACET_LINE_EDITING
#include <editline/readline.h>
#endif

namespace facet::apps::chat {
namespace {

constexpr const char *kPrompt = "> ", *kMorePrompt = ". ";

#ifdef FACET_LINE_EDITING
constexpr int kHistoryLines = 1000;

// libedit reads characters as the locale says, and a bare system's says bytes.
void use_utf8() {
  std::setlocale(LC_CTYPE, "");
  if (std::string_view(nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
}
#endif

}  // namespace

LineInput::LineInput(std::string history_file)
    : history_file_(std::move(history_file)), interactive_(stdin_is_terminal() && stderr_is_terminal()) {
#ifdef FACET_LINE_EDITING
  if (!interactive_) return;
  use_utf8();
  rl_outstream = stderr;
  using_history();
  stifle_history(kHistoryLines);
  read_history(history_file_.c_str());
#endif
}

LineInput::~LineInput() = default;

std::optional<std::string> LineInput::read(bool more) {
  if (interactive_) return edit(more ? kMorePrompt : kPrompt);
  std::string line;
  if (!std::getline(std::cin, line)) return {};
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

#ifdef FACET_LINE_EDITING
std::optional<std::string> LineInput::edit(const char* prompt) {
  InterruptGuard::clear();
  const std::unique_ptr<char, decltype(&std::free)> line(readline(prompt), std::free);
  if (InterruptGuard::flag()) {
    fmt::print(stderr, "\n");
    throw CancelledError();
  }
  if (line == nullptr) {
    fmt::print(stderr, "\n");
    return {};
  }
  if (*line != '\0') {
    add_history(line.get());
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(history_file_).parent_path(), error);
    write_history(history_file_.c_str());
    using std::filesystem::perms;
    std::filesystem::permissions(history_file_, perms::owner_read | perms::owner_write, error);
  }
  return std::string(line.get());
}
#else
std::optional<std::string> LineInput::edit(const char* prompt) {
  fmt::print(stderr, "{}", prompt);
  std::string line;
  if (std::getline(std::cin, line)) return line;
  fmt::print(stderr, "\n");
  return {};
}
#endif

}  // namespace facet::apps::chat
