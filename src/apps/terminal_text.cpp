#include "apps/terminal_text.h"

#include <utility>

namespace facet::apps {
namespace {

constexpr std::string_view kCode = "\x1b[36m", kBold = "\x1b[1m", kPlain = "\x1b[0m";

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
}

// U+0080 to U+009F, which some terminals obey like escape sequences.
bool is_wide_control(std::string_view text) {
  return text.size() >= 2 && text[0] == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0;
}

}  // namespace

std::string TerminalText::push(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_wide_control(text.substr(i))) {
      put('?');
      ++i;
    } else {
      put(text[i]);
    }
  }
  return std::exchange(out_, {});
}

std::string TerminalText::finish() {
  end_run('\n');
  fence_ = false;
  end_line();
  return std::exchange(out_, {});
}

void TerminalText::put(char c) {
  if (c == run_char_ && run_length_ > 0) {
    ++run_length_;
    return;
  }
  end_run(c);
  if (colour_ && (c == '`' || c == '*' || c == '#')) {
    run_char_ = c;
    run_length_ = 1;
    run_at_start_ = line_start_;
    return;
  }
  if (c == '\n') end_line();
  if (c == '\r') return;  // the line break that follows says it all; alone it would overwrite the line
  out_ += is_control(c) ? '?' : c;
  line_start_ = c == '\n' || (line_start_ && c == ' ');
}

// A run of markers is over: an opening one puts its style before itself, a closing one after.
void TerminalText::end_run(char next) {
  if (run_length_ == 0) return;
  const int n = std::exchange(run_length_, 0);
  const std::string run(static_cast<size_t>(n), run_char_);
  const bool space_follows = next == ' ' || next == '\n';
  bool* toggled = nullptr;
  if (run_char_ == '`' && n >= 3 && run_at_start_)
    toggled = &fence_;
  else if (fence_)
    toggled = nullptr;
  else if (run_char_ == '`')
    toggled = &code_;
  else if (run_char_ == '*' && n >= 2 && !code_ && (bold_ || !space_follows))
    toggled = &bold_;
  else if (run_char_ == '#' && run_at_start_ && n <= 6 && next == ' ')
    toggled = &heading_;
  const bool closes = toggled != nullptr && *toggled;
  if (toggled != nullptr) *toggled = !*toggled;
  if (!closes) style();
  out_ += run;
  if (closes) style();
  line_start_ = false;
}

// Styles of a line end with it, should the model forget to close them; a fence does not.
void TerminalText::end_line() {
  code_ = bold_ = heading_ = false;
  style();
}

void TerminalText::style() {
  if (!colour_) return;
  std::string wanted(fence_ || code_ ? kCode : "");
  if (bold_ || heading_) wanted += kBold;
  if (wanted == shown_) return;
  if (!shown_.empty()) out_ += kPlain;
  out_ += wanted;
  shown_ = std::move(wanted);
}

}  // namespace facet::apps
