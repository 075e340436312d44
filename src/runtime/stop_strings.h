// Finds stop strings in text that arrives in pieces, holding back only what may still become one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace facet::runtime {

class StopStrings {
 public:
  explicit StopStrings(std::vector<std::string> strings);

  // Adds text; returns what can be shown. Once a stop string is complete, stopped() is true and nothing more comes.
  std::string push(std::string_view text);
  // The rest, when the answer ended otherwise.
  std::string finish();
  bool stopped() const noexcept { return stopped_; }
  const std::string& stopped_by() const noexcept { return stopped_by_; }  // the string that is complete; else empty

 private:
  std::vector<std::string> strings_;
  std::string held_, stopped_by_;
  bool stopped_ = false;
};

}  // namespace facet::runtime
