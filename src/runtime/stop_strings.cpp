#include "runtime/stop_strings.h"

#include <algorithm>
#include <utility>

namespace facet::runtime {

StopStrings::StopStrings(std::vector<std::string> strings) : strings_(std::move(strings)) {
  std::erase_if(strings_, [](const std::string& s) { return s.empty(); });
}

std::string StopStrings::push(std::string_view text) {
  if (stopped_) return {};
  held_ += text;
  // The string that is complete first counts, of several the longest, so that it does not matter how the text was cut.
  size_t begin = std::string::npos, end = std::string::npos;
  for (const std::string& s : strings_) {
    const size_t at = held_.find(s);
    if (at == std::string::npos) continue;
    if (at + s.size() < end || (at + s.size() == end && at < begin)) begin = at, end = at + s.size();
  }
  if (begin != std::string::npos) {
    stopped_ = true;
    stopped_by_ = held_.substr(begin, end - begin);
    return std::exchange(held_, {}).substr(0, begin);
  }
  // The longest tail that begins a stop string stays.
  size_t keep = 0;
  for (const std::string& s : strings_)
    for (size_t n = std::min(s.size() - 1, held_.size()); n > keep; --n)
      if (std::string_view(held_).substr(held_.size() - n) == std::string_view(s).substr(0, n)) keep = n;
  std::string out = held_.substr(0, held_.size() - keep);
  held_.erase(0, held_.size() - keep);
  return out;
}

std::string StopStrings::finish() { return stopped_ ? std::string() : std::exchange(held_, {}); }

}  // namespace facet::runtime
