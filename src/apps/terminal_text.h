// Text of a model on its way to a terminal: Markdown gets colours while it streams, and control characters, with which
// a text could take over the terminal, are replaced. Markers stay, so that what is copied from the screen is what the
// model wrote.
#pragma once

#include <string>
#include <string_view>

namespace facet::apps {

class TerminalText {
 public:
  explicit TerminalText(bool colour) : colour_(colour) {}

  // What to print now; a marker whose end has not come yet is held back.
  std::string push(std::string_view text);
  // What was held back, and the end of any colour.
  std::string finish();

 private:
  void put(char c);
  void end_run(char next);
  void end_line();
  void style();

  bool colour_;
  bool line_start_ = true;
  bool fence_ = false, code_ = false, bold_ = false, heading_ = false;
  char run_char_ = 0;  // ` * or #, of which run_length_ have come
  int run_length_ = 0;
  bool run_at_start_ = false;
  std::string shown_;  // the style in force
  std::string out_;
};

}  // namespace facet::apps
