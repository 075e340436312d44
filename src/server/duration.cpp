#include "server/duration.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace facet::server {
namespace {

constexpr double kMaxSeconds = 1e9;  // 30 years, and a clock's ticks still hold it

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
    const auto unit = is_first && text.empty() ? std::optional(1.0) : take_unit(text);
    if (!unit) return {};
    sum += *number * *unit;
  }
  return sum <= kMaxSeconds ? std::optional(sign * sum) : std::nullopt;
}

std::optional<double> read_keep_alive(const Fields& body) {
  const Json* value = body.find("keep_alive");
  if (!value || *value == "") return {};
  if (!value->is_string()) return number_at(*value, "keep_alive", -kMaxSeconds, kMaxSeconds);
  const auto& text = value->get_ref<const std::string&>();
  if (const auto seconds = parse_duration(text)) return seconds;
  throw_invalid("keep_alive", fmt::format("'{}' is no duration, expected one like \"5m\", or seconds", text));
}

}  // namespace facet::server
