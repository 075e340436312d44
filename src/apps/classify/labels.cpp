#include "apps/classify/labels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace facet::apps {

std::vector<std::string> split_labels(std::string_view text, char separator) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  std::vector<std::string> labels;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    const size_t first = part.find_first_not_of(kSpace);
    if (first != part.npos) labels.emplace_back(part.substr(first, part.find_last_not_of(kSpace) + 1 - first));
    begin = end + 1;
  }
  return labels;
}

std::string with_labels(std::string text, const std::vector<std::string>& labels) {
  constexpr std::string_view kPlace = "{labels}";
  const std::string list = fmt::format("{}", fmt::join(labels, ", "));
  for (size_t at = 0; (at = text.find(kPlace, at)) != text.npos; at += list.size())
    text.replace(at, kPlace.size(), list);
  return text;
}

std::vector<LabelShare> best_labels(std::vector<LabelShare> all, int top, double threshold) {
  std::erase_if(all, [threshold](const LabelShare& s) { return s.probability < threshold; });
  std::ranges::stable_sort(all, std::ranges::greater{}, &LabelShare::probability);
  if (top > 0 && all.size() > static_cast<size_t>(top)) all.resize(static_cast<size_t>(top));
  return all;
}

std::string labels_line(const std::vector<LabelShare>& best) {
  std::string line;
  for (const LabelShare& s : best)
    line += fmt::format("{}{} {:.2f}", line.empty() ? "" : "  ", printable(s.label), s.probability);
  return line.empty() ? "-" : line;
}

void add_labels(text::ChatJson& row, const std::vector<LabelShare>& best) {
  row["label"] = best.empty() ? text::ChatJson() : text::ChatJson(best.front().label);
  row["probability"] = best.empty() ? text::ChatJson() : text::ChatJson(best.front().probability);
  row["scores"] = text::ChatJson::array();
  for (const LabelShare& s : best) {
    text::ChatJson score{{"label", s.label}, {"probability", s.probability}};
    if (!std::isnan(s.log_probability)) score["logprob"] = s.log_probability;
    row["scores"].push_back(std::move(score));
  }
}

}  // namespace facet::apps
