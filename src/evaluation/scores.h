// How many answers of each skill were right, and whether that is as many as it was.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/chat.h"

namespace facet::evaluation {

struct Score {
  std::string skill;
  int n = 0, n_right = 0;  // of the answers that were judged
  int n_skipped = 0;       // that were not
  std::string why_skipped;
  double seconds = 0;

  // Nothing where all were skipped.
  std::optional<double> accuracy() const noexcept {
    return n > 0 ? std::optional(static_cast<double>(n_right) / n) : std::nullopt;
  }
};

// {"skill": accuracy}
using GoldenScores = std::map<std::string, double>;

// The text of a scores.json, {"ROW": {"skill": accuracy}}: the first of `rows` that it has. FormatError naming `name`
// where it is something else; RequestError when it has none of them.
GoldenScores parse_scores(std::string_view text, const std::string& name, const std::vector<std::string>& rows);

// A sentence for each skill that has a golden score and is more than `margin` below it, or has no score although it was
// asked for (`is_whole`: all were). Another where N skills together are more than margin / sqrt(N) below: what moves
// each of them by the margin, and by chance, moves their mean by this, and a general fall moves it by more.
std::vector<std::string> shortfalls(const std::vector<Score>& scores, const GoldenScores& golden, double margin,
                                    bool is_whole);

}  // namespace facet::evaluation
