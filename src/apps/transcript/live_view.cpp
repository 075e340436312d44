#include "apps/transcript/live_view.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "apps/terminal.h"
#include "apps/transcript/subtitles.h"
#include "base/error.h"
#include "text/utf8.h"

namespace facet::apps {
namespace {

int terminal_columns() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

std::string last_columns(std::string_view text, int columns) {
  if (columns_of(text) <= columns) return std::string(text);
  while (!text.empty() && columns_of(text) > columns - 2) text.remove_prefix(text::first_character(text).n_bytes);
  return "… " + std::string(text);
}

void LiveView::show(std::string_view text) {
  const std::string line = last_columns(printable(text, text.size() + 1), terminal_columns() - 1);
  const bool colour = use_colour();
  fmt::print("\r\x1b[K{}{}{}", colour ? "\x1b[2m" : "", line, colour ? "\x1b[0m" : "");
  std::fflush(stdout);
  is_shown_ = true;
}

void LiveView::clear() {
  if (std::exchange(is_shown_, false)) fmt::print("\r\x1b[K");
}

}  // namespace facet::apps
