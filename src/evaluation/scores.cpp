#include "evaluation/scores.h"

#include <fmt/ranges.h>

#include <algorithm>

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
  constexpr double kRounding = 1e-9;  // of the difference
  std::vector<std::string> out;
  for (const auto& [skill, expected] : golden) {
    const auto at =
        std::find_if(scores.begin(), scores.end(), [&, &name = skill](const Score& s) { return s.skill == name; });
    if (at == scores.end()) {
      if (is_whole) out.push_back(fmt::format("{}: it is not in the set, and was {} right", skill, percent(expected)));
      continue;
    }
    const auto accuracy = at->accuracy();
    if (!accuracy)
      out.push_back(fmt::format("{}: all were skipped, and {} were right", skill, percent(expected)));
    else if (*accuracy < expected - margin - kRounding)
      out.push_back(fmt::format("{}: {} are right, and were {}; {} less are allowed", skill, percent(*accuracy),
                                percent(expected), percent(margin)));
  }
  return out;
}

}  // namespace facet::evaluation
