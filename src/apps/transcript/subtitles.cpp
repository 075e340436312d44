#include "apps/transcript/subtitles.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "text/utf8.h"
#include "text/words.h"

namespace facet::apps {
namespace {

constexpr int kLineColumns = 42;   // what broadcasters allow
constexpr int kShortColumns = 20;  // a sentence of less goes on with the next one in the same cue

bool ends_sentence(std::string_view word) {
  for (const std::string_view end : {".", "!", "?", "…", "。", "！", "？"})
    if (word.ends_with(end)) return true;
  return false;
}

// A run of words as they stand in the text.
struct Line {
  size_t begin = 0, end = 0;
  bool ends_sentence = false;
};

std::vector<Line> break_lines(std::string_view text) {
  std::vector<Line> lines;
  for (const std::string_view word : text::words(text)) {
    const auto begin = static_cast<size_t>(word.data() - text.data()), end = begin + word.size();
    const bool fits =
        !lines.empty() && columns_of(text.substr(lines.back().begin, end - lines.back().begin)) <= kLineColumns;
    const bool goes_on =
        fits && !(lines.back().ends_sentence &&
                  columns_of(text.substr(lines.back().begin, lines.back().end - lines.back().begin)) >= kShortColumns);
    if (goes_on)
      lines.back().end = end;
    else
      lines.push_back({begin, end, false});
    lines.back().ends_sentence = ends_sentence(word);
  }
  return lines;
}

struct Clock {
  int64_t hours;
  int minutes, seconds, milliseconds;
};

Clock clock_of(double seconds) {
  const auto ms = static_cast<int64_t>(std::llround(std::max(seconds, 0.0) * 1000));
  return {ms / 3'600'000, static_cast<int>(ms / 60'000 % 60), static_cast<int>(ms / 1000 % 60),
          static_cast<int>(ms % 1000)};
}

}  // namespace

int columns_of(std::string_view text) {
  int n = 0;
  while (!text.empty()) {
    const text::Character c = text::first_character(text);
    const bool is_wide = (c.code >= 0x1100 && c.code <= 0x115f) || (c.code >= 0x2e80 && c.code <= 0xa4cf) ||
                         (c.code >= 0xac00 && c.code <= 0xd7a3) || (c.code >= 0xf900 && c.code <= 0xfaff) ||
                         (c.code >= 0xff00 && c.code <= 0xff60) || (c.code >= 0x1f300 && c.code <= 0x1faff) ||
                         (c.code >= 0x20000 && c.code <= 0x3ffff);
    n += is_wide ? 2 : 1;
    text.remove_prefix(c.n_bytes);
  }
  return n;
}

std::vector<Cue> make_cues(double start, double end, std::string_view text) {
  std::vector<Cue> cues;
  bool can_go_on = false;
  for (const Line& line : break_lines(text)) {
    const std::string shown(text.substr(line.begin, line.end - line.begin));
    if (can_go_on)
      cues.back().text += "\n" + shown;
    else
      cues.push_back({0, 0, shown});
    can_go_on = !can_go_on && !line.ends_sentence;
  }
  double total = 0, done = 0;
  for (const Cue& cue : cues) total += columns_of(cue.text);
  for (Cue& cue : cues) {
    cue.start = start + (end - start) * done / total;
    done += columns_of(cue.text);
    cue.end = start + (end - start) * done / total;
  }
  return cues;
}

std::string srt_time(double seconds) {
  const Clock c = clock_of(seconds);
  return fmt::format("{:02}:{:02}:{:02},{:03}", c.hours, c.minutes, c.seconds, c.milliseconds);
}

std::string vtt_time(double seconds) {
  std::string time = srt_time(seconds);
  time[time.size() - 4] = '.';
  return time;
}

std::string srt_cue(int number, const Cue& cue) {
  // The format knows no escapes, and its readers take an arrow for a line of times.
  return fmt::format("{}\n{} --> {}\n{}\n\n", number, srt_time(cue.start), srt_time(cue.end),
                     text::replace_all(cue.text, "-->", "->"));
}

std::string vtt_cue(const Cue& cue) {
  std::string text = text::replace_all(cue.text, "&", "&amp;");
  text = text::replace_all(text::replace_all(text, "<", "&lt;"), ">", "&gt;");
  return fmt::format("{} --> {}\n{}\n\n", vtt_time(cue.start), vtt_time(cue.end), text);
}

}  // namespace facet::apps
