#include "evaluation/scores.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace facet::evaluation {
namespace {

using text::ChatJson;

ChatJson parse(std::string_view text, const std::string& name) {
  try {
    return text::parse_chat_json(text);
  } catch (const RequestError& e) {
    throw_error<FormatError>("{}: {}", name, e.what());
  }
}

GoldenScores read_row(const ChatJson& row, const std::string& where) {
  if (!row.is_object()) throw_error<FormatError>("{}: expected an object of skills", where);
  GoldenScores out;
  for (const auto& [skill, value] : row.items()) {
    if (!value.is_number() || value < 0 || value > 1)
      throw_error<FormatError>("{}.{}: expected an accuracy, 0 to 1", where, skill);
    out[skill] = value.get<double>();
  }
  return out;
}

std::string percent(double x) { return fmt::format("{:.1f} %", 100 * x); }

bool is_below(double accuracy, double expected, double margin) {
  constexpr double kRounding = 1e-9;  // of the difference
  return accuracy < expected - margin - kRounding;
}

std::string fall(std::string_view what, double accuracy, double expected, double margin) {
  return fmt::format("{}: {} are right, and were {}; {} less are allowed", what, percent(accuracy), percent(expected),
                     percent(margin));
}

}  // namespace

GoldenScores parse_scores(std::string_view text, const std::string& name, const std::vector<std::string>& rows) {
  const ChatJson json = parse(text, name);
  if (!json.is_object()) throw_error<FormatError>("{}: expected an object of scores", name);
  for (const std::string& row : rows)
    if (json.contains(row)) return read_row(json[row], name + ": " + row);
  std::vector<std::string> has;
  for (const auto& [row, scores] : json.items()) has.push_back(row);
  throw_error<RequestError>("{}: it has no scores called {}, but {}: use --scores ROW", name, fmt::join(rows, " or "),
                            fmt::join(has, ", "));
}

std::vector<std::string> shortfalls(const std::vector<Score>& scores, const GoldenScores& golden, double margin,
                                    bool is_whole) {
  std::vector<std::string> out;
  int n_skills = 0;
  double n = 0, n_right = 0, n_expected = 0;  // answers of these skills
  for (const auto& [skill, expected] : golden) {
    const auto at =
        std::find_if(scores.begin(), scores.end(), [&, &name = skill](const Score& s) { return s.skill == name; });
    if (at == scores.end()) {
      if (is_whole) out.push_back(fmt::format("{}: it is not in the set, and was {} right", skill, percent(expected)));
      continue;
    }
    const auto accuracy = at->accuracy();
    if (!accuracy) {
      out.push_back(fmt::format("{}: all were skipped, and {} were right", skill, percent(expected)));
      continue;
    }
    if (is_below(*accuracy, expected, margin)) out.push_back(fall(skill, *accuracy, expected, margin));
    ++n_skills;
    n += at->n;
    n_right += at->n_right;
    n_expected += expected * at->n;
  }
  const double margin_of_all = margin / std::sqrt(std::max(n_skills, 1));
  if (n_skills > 1 && is_below(n_right / n, n_expected / n, margin_of_all))
    out.push_back(fall("all together", n_right / n, n_expected / n, margin_of_all));
  return out;
}

}  // namespace facet::evaluation
