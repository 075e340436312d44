#include "server/dialects/openai/transcripts.h"

#include <fmt/format.h>

#include <cmath>

#include "server/json_reading.h"

namespace facet::server {
namespace {

// "00:01:02,500"; SubRip has a comma in front of the milliseconds, WebVTT a point.
std::string subtitle_time(double seconds, char point) {
  const auto ms = static_cast<int64_t>(std::llround(seconds * 1000));
  return fmt::format("{:02}:{:02}:{:02}{}{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, point, ms % 1000);
}

std::string subtitle_lines(const TranscriptionResult& result, bool is_srt) {
  std::string out = is_srt ? "" : "WEBVTT\n\n";
  int number = 0;
  for (const TranscriptionSegment& segment : result.segments) {
    const char point = is_srt ? ',' : '.';
    if (is_srt) out += fmt::format("{}\n", ++number);
    out += fmt::format("{} --> {}\n{}\n\n", subtitle_time(segment.start, point), subtitle_time(segment.end, point),
                       segment.text);
  }
  return out;
}

std::string whole_text(const TranscriptionResult& result) {
  std::string text;
  for (const TranscriptionSegment& segment : result.segments) {
    if (!text.empty()) text += ' ';
    text += segment.text;
  }
  return text;
}

Json verbose_json(const TranscriptionResult& result, const std::string& task) {
  Json segments = Json::array();
  for (const TranscriptionSegment& segment : result.segments)
    segments.push_back(
        {{"id", segments.size()}, {"start", segment.start}, {"end", segment.end}, {"text", segment.text}});
  return {{"task", task},
          {"language", result.language},
          {"duration", result.duration},
          {"text", whole_text(result)},
          {"segments", std::move(segments)}};
}

}  // namespace

void check_transcript_format(const std::string& format) {
  for (const char* known : {"json", "text", "srt", "vtt", "verbose_json"})
    if (format == known) return;
  throw_invalid("response_format", fmt::format("expected json, text, srt, vtt or verbose_json, got '{}'", format));
}

std::string transcript_text(const TranscriptionResult& result, const std::string& format, const std::string& task) {
  if (format == "srt" || format == "vtt") return subtitle_lines(result, format == "srt");
  if (format == "text") return whole_text(result) + "\n";
  return to_json_text(format == "verbose_json" ? verbose_json(result, task) : Json{{"text", whole_text(result)}});
}

}  // namespace facet::server
