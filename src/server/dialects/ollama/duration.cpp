#include "server/dialects/ollama/duration.h"

#include <array>
#include <charconv>
#include <utility>

namespace facet::server {
namespace {

// Takes a number without a sign from the front of the text.
std::optional<double> take_number(std::string_view& text) {
  if (text.empty() || !((text[0] >= '0' && text[0] <= '9') || text[0] == '.')) return {};
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc()) return {};
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

// Takes a unit; longer names stand before those that they begin with.
std::optional<double> take_unit(std::string_view& text) {
  static constexpr std::array<std::pair<std::string_view, double>, 8> kUnits = {{{"ns", 1e-9},
                                                                                 {"us", 1e-6},
                                                                                 {"\u00b5s", 1e-6},
                                                                                 {"\u03bcs", 1e-6},
                                                                                 {"ms", 1e-3},
                                                                                 {"s", 1},
                                                                                 {"m", 60},
                                                                                 {"h", 3600}}};
  for (const auto& [name, seconds] : kUnits) {
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    return seconds;
  }
  return {};
}

}  // namespace

std::optional<double> parse_duration(std::string_view text) {
  double sign = 1;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    if (text[0] == '-') sign = -1;
    text.remove_prefix(1);
  }
  double sum = 0;
  for (bool is_first = true; is_first || !text.empty(); is_first = false) {
    const auto number = take_number(text);
    if (!number) return {};
    if (is_first && text.empty()) return sign * *number;
    const auto unit = take_unit(text);
    if (!unit) return {};
    sum += *number * *unit;
  }
  return sign * sum;
}

}  // namespace facet::server
