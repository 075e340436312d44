// What is being said, on a terminal: one line, replaced until the segment is finished.
#pragma once

#include <string>
#include <string_view>

namespace facet::apps {

// The end of the text, in one line of so many columns: "… of what is said now".
std::string last_columns(std::string_view text, int columns);

class LiveView {
 public:
  void show(std::string_view text);
  void clear();

 private:
  bool is_shown_ = false;
};

}  // namespace facet::apps
