#include "apps/transcript/writer.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "apps/transcript/subtitles.h"
#include "base/error.h"
#include "base/system_memory.h"
#include "text/chat.h"
#include "text/words.h"

namespace facet::apps {
namespace {

using Json = nlohmann::ordered_json;

double milliseconds(double seconds) { return std::round(seconds * 1000) / 1000; }

// A terminal and a player take control characters for orders: also those of two bytes, U+0080 to U+009F.
std::string without_controls(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) continue;
    const bool ends_control = byte >= 0x80 && byte < 0xa0 && !out.empty() && out.back() == '\xc2';
    if (ends_control)
      out.pop_back();
    else
      out += c;
  }
  return out;
}

}  // namespace

TranscriptFormat transcript_format(std::string_view name) {
  if (name == "srt") return TranscriptFormat::Srt;
  if (name == "vtt") return TranscriptFormat::Vtt;
  if (name == "json") return TranscriptFormat::Json;
  if (name == "lines") return TranscriptFormat::Lines;
  return TranscriptFormat::Text;
}

std::string_view file_extension(TranscriptFormat format) {
  switch (format) {
    case TranscriptFormat::Srt:
      return ".srt";
    case TranscriptFormat::Vtt:
      return ".vtt";
    case TranscriptFormat::Json:
      return ".json";
    case TranscriptFormat::Lines:
      return ".jsonl";
    case TranscriptFormat::Text:
      break;
  }
  return ".txt";
}

const std::string& shown_text(const runtime::TranscribedSegment& segment, bool translated) {
  return translated ? segment.translation : segment.text;
}

Json segment_json(const runtime::TranscribedSegment& segment, bool translated) {
  Json out = {{"start", milliseconds(segment.start)}, {"end", milliseconds(segment.end)}, {"text", segment.text}};
  if (translated) out["translation"] = segment.translation;
  if (segment.is_cut) out["cut"] = true;
  return out;
}

std::string transcription_stats(const std::string& name, const runtime::Transcriber& transcriber, double seconds) {
  const runtime::TranscriberStats s = transcriber.stats();
  return fmt::format(
      "{}: {:.1f} s of sound, {:.1f} s of them heard in {} segments; encoding {:.0f} ms, prompts {:.0f} ms, {} tokens "
      "in {:.0f} ms; {:.1f} s in all, {:.1f} times real time; peak {:.0f} MB",
      printable(name), transcriber.position(), s.heard_seconds, s.n_segments,
      (s.media.prepare_seconds + s.media.encode_seconds) * 1e3, s.prompt_seconds * 1e3, s.n_tokens,
      s.decode_seconds * 1e3, seconds, seconds > 0 ? transcriber.position() / seconds : 0.0,
      static_cast<double>(peak_resident_memory()) / 1e6);
}

TranscriptWriter::TranscriptWriter(TranscriptFormat format, bool translated, Write write)
    : format_(format), translated_(translated), write_(std::move(write)) {
  if (format_ == TranscriptFormat::Vtt) write_("WEBVTT\n\n");
}

void TranscriptWriter::put(const runtime::TranscribedSegment& segment) {
  const std::string text = without_controls(shown_text(segment, translated_));
  if (text.empty()) return;
  is_empty_ = false;
  switch (format_) {
    case TranscriptFormat::Text:
      return write_(text + "\n");
    case TranscriptFormat::Srt:
      for (const Cue& cue : make_cues(segment.start, segment.end, text)) write_(srt_cue(++n_cues_, cue));
      return;
    case TranscriptFormat::Vtt:
      for (const Cue& cue : make_cues(segment.start, segment.end, text)) write_(vtt_cue(cue));
      return;
    case TranscriptFormat::Lines:
      return write_line("segment", segment);
    case TranscriptFormat::Json:
      text_ = text::join_texts(text_, segment.text);
      translation_ = text::join_texts(translation_, segment.translation);
      segments_.push_back(segment_json(segment, translated_));
  }
}

void TranscriptWriter::write_line(const char* type, const runtime::TranscribedSegment& segment) {
  Json line = {{"type", type}};
  if (!file_.empty()) line["file"] = file_;
  line.update(segment_json(segment, translated_));
  write_(text::chat_json_text(line) + "\n");
}

void TranscriptWriter::put_open(const runtime::TranscribedSegment& segment) {
  if (format_ == TranscriptFormat::Lines) write_line("partial", segment);
}

void TranscriptWriter::finish(Json head, double seconds) {
  if (format_ == TranscriptFormat::Lines) {
    head = {{"type", "end"}};
    if (!file_.empty()) head["file"] = file_;
  }
  if (format_ != TranscriptFormat::Json && format_ != TranscriptFormat::Lines) return;
  head["seconds"] = milliseconds(seconds);
  if (format_ == TranscriptFormat::Json) {
    head["text"] = text_;
    if (translated_) head["translation"] = translation_;
    head["segments"] = std::move(segments_);
  }
  write_(text::chat_json_text(head) + "\n");
}

}  // namespace facet::apps
