// SRT and WebVTT: the lines below a cue's times are words; numbers, times, settings, notes and styles are not.
#include "base/error.h"
#include "documents/formats.h"
#include "documents/lines.h"
#include "documents/markup.h"

namespace facet::documents {
namespace {

bool is_times(std::string_view line) {
  const size_t first = line.find_first_not_of(" \t");
  return first != std::string_view::npos && line[first] >= '0' && line[first] <= '9' &&
         line.find("-->") != std::string_view::npos;
}

// Where a character comes next, for places that only move on: all of them together cost one pass.
struct Next {
  std::string_view text;
  char c;
  size_t at = 0;
  bool is_known = false;

  size_t from(size_t begin) {  // text.size(): nowhere
    if (!is_known || at < begin) at = std::min(text.find(c, begin), text.size());
    is_known = true;
    return at;
  }
};

class CueReader {
 public:
  CueReader(std::string_view source, Layout& layout, bool is_vtt)
      : source_(source), is_vtt_(is_vtt), builder_(source, layout, is_vtt ? Writing::Html : Writing::Cue) {}

  // The lines of one cue. Two speakers, a dash before each, are two segments; other lines are one.
  void read(std::span<const Range> lines) {
    int n_lines = 0;
    for (size_t i = 0; i < lines.size(); ++i) {
      add(lines[i]);
      ++n_lines;
      const bool is_last = i + 1 == lines.size();
      if (is_last || starts_speech(lines[i + 1])) {
        finish(n_lines, i > 0 ? Range{lines[i - 1].end, lines[i].begin} : Range{});
        n_lines = 0;
      } else {
        builder_.add_words({lines[i].end, lines[i + 1].begin}, " ");
      }
    }
  }

 private:
  bool starts_speech(Range line) const { return line.of(source_).starts_with('-'); }

  void finish(int n_lines, Range newline) {
    Place* place = builder_.finish();
    if (place == nullptr || n_lines < 2) return;
    place->n_lines = n_lines;
    place->newline = newline.of(source_);
  }

  void add(Range line) {
    const std::string_view text = line.of(source_);
    const auto range = [&](size_t begin, size_t end) { return Range{line.begin + begin, line.begin + end}; };
    size_t at = 0;
    if (starts_speech(line)) {
      at = std::min(text.find_first_not_of("- "), text.size());
      builder_.add_mark(range(0, at), MarkKind::Single, "");
    }
    Next angle{text, '>'}, brace{text, '}'};
    while (at < text.size()) {
      const char c = text[at];
      const size_t close = c == '<' ? angle.from(at) : c == '{' ? brace.from(at) : text.size();
      const bool is_tag =
          close < text.size() && close > at + 1 && (c == '<' ? text[at + 1] != ' ' : text[at + 1] == '\\');
      const size_t next = is_tag ? close + 1 : std::min(text.find_first_of("<{", at + 1), text.size());
      if (is_tag)
        add_tag(range(at, next));
      else
        add_words(range(at, next));
      at = next;
    }
  }

  void add_words(Range range) {
    const std::string_view words = range.of(source_);
    builder_.add_words(range, is_vtt_ ? decode_references(words) : std::string(words));
  }

  void add_tag(Range range) {
    const std::string_view tag = range.of(source_);
    if (tag[0] == '{' || (tag[1] >= '0' && tag[1] <= '9')) return builder_.add_mark(range, MarkKind::Single, "");
    const size_t name = tag[1] == '/' ? 2 : 1;
    const std::string_view word = tag.substr(name, tag.find_first_of(" .>", name) - name);
    builder_.add_mark(range, name == 2 ? MarkKind::Close : MarkKind::Open, word);
  }

  std::string_view source_;
  bool is_vtt_;
  SegmentBuilder builder_;
};

}  // namespace

Layout split_subtitles(std::string_view source, bool is_vtt, const std::string& name) {
  if (is_vtt && !source.starts_with("WEBVTT") && !source.starts_with("\xef\xbb\xbfWEBVTT"))
    throw_error<FormatError>("{}: no WebVTT subtitles: the first line does not begin with WEBVTT", name);
  Layout layout;
  CueReader reader(source, layout, is_vtt);
  const std::vector<Range> lines = lines_of(source);
  size_t n_cues = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!is_times(lines[i].of(source))) continue;
    size_t end = i + 1;
    while (end < lines.size() && !is_blank(lines[end].of(source)) && !is_times(lines[end].of(source))) ++end;
    if (end < lines.size() && is_times(lines[end].of(source)) && end > i + 1) --end;  // the next cue's number
    reader.read(std::span(lines).subspan(i + 1, end - i - 1));
    i = end - 1;
    ++n_cues;
  }
  if (n_cues == 0 && !is_vtt)
    throw_error<FormatError>("{}: no SRT subtitles: there is no line of times such as 00:00:01,000 --> 00:00:02,500",
                             name);
  return layout;
}

}  // namespace facet::documents
