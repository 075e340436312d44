// What the encoders' benchmarks say beside their figures.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "ops/timed_ops.h"

namespace facet::ops {

// The ops that take most of the time, with their shares.
inline std::string where_time_goes(const OpTimes& times) {
  std::vector<std::pair<double, std::string>> parts;
  double total = 0;
  for (const auto& [name, time] : times) {
    parts.emplace_back(time.seconds, name);
    total += time.seconds;
  }
  std::sort(parts.rbegin(), parts.rend());
  std::string text;
  for (const auto& [seconds, name] : parts)
    if (seconds > 0.002 * total)
      text += fmt::format("{}{} {:.1f} %", text.empty() ? "" : ", ", name, 100 * seconds / total);
  return text;
}

}  // namespace facet::ops
