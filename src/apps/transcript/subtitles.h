// Subtitles: pieces of text short enough to be read, with times as SubRip (.srt) and WebVTT (.vtt) write them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace facet::apps {

struct Cue {
  double start = 0, end = 0;  // seconds
  std::string text;           // one line or two
};

// What is said from start to end, as cues of at most two lines of 42 columns. Only those two times are known: between
// them time is shared out by the length of the text. Sentences begin a cue of their own where that is not short.
std::vector<Cue> make_cues(double start, double end, std::string_view text);

std::string srt_time(double seconds);  // 00:01:02,345
std::string vtt_time(double seconds);  // 00:01:02.345

std::string srt_cue(int number, const Cue& cue);
std::string vtt_cue(const Cue& cue);

// Columns that a terminal or a screen needs; text is valid UTF-8.
int columns_of(std::string_view text);

}  // namespace facet::apps
