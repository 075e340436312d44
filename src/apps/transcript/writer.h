// A transcript as text, subtitles or JSON, written while it is made.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/transcriber.h"

namespace facet::apps {

enum class TranscriptFormat {
  Text,  // a line a segment
  Srt,
  Vtt,
  Json,   // one object, when all is said
  Lines,  // a JSON object a line: segments, and what is said so far of the next one
};
// "text", "srt", "vtt", "json", "lines"
TranscriptFormat transcript_format(std::string_view name);
std::string_view file_extension(TranscriptFormat format);  // ".txt", ".srt", ...

// Of what was made: the translation where there is one, else the transcription.
const std::string& shown_text(const runtime::TranscribedSegment& segment, bool translated);

nlohmann::ordered_json segment_json(const runtime::TranscribedSegment& segment, bool translated);

// A line of timings for stderr; seconds: that all of it took.
std::string transcription_stats(const std::string& name, const runtime::Transcriber& transcriber, double seconds);

class TranscriptWriter {
 public:
  using Write = std::function<void(std::string_view)>;

  // translated: segments have translations, which are what is shown.
  TranscriptWriter(TranscriptFormat format, bool translated, Write write);

  // Lines only: each says which file it is of.
  void name_lines(std::string file) { file_ = std::move(file); }

  void put(const runtime::TranscribedSegment& segment);
  void put_open(const runtime::TranscribedSegment& segment);  // Lines only
  // head: what the JSON object begins with, before "seconds", "text" (or more) and "segments".
  void finish(nlohmann::ordered_json head, double seconds);

  bool is_empty() const noexcept { return is_empty_; }  // nothing was said

 private:
  void write_line(const char* type, const runtime::TranscribedSegment& segment);

  TranscriptFormat format_;
  std::string file_;
  bool translated_, is_empty_ = true;
  Write write_;
  int n_cues_ = 0;
  std::string text_, translation_;
  nlohmann::ordered_json segments_ = nlohmann::ordered_json::array();
};

}  // namespace facet::apps
