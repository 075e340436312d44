// Where the segments of a text lie in its bytes, and how new words are written there.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "documents/characters.h"
#include "documents/document.h"

namespace facet::documents {

struct Range {
  size_t begin = 0, end = 0;

  size_t size() const noexcept { return end - begin; }
  std::string_view of(std::string_view source) const noexcept { return source.substr(begin, size()); }
};

// What new words must not be mistaken for.
enum class Writing : uint8_t { Plain, Cue, Markdown, MarkdownCell, Html, DoubleQuoted, SingleQuoted, Unquoted, Xml };

// A piece in the bytes. written: of a mark, what stands for it where its segment has new words, if not its own bytes.
struct Inline {
  Range source;
  std::string written;
};

struct Place {
  std::vector<Inline> sources;  // of each piece; each begins where the one before ends
  Inline head;       // mark-up before them that is written in another way when the words are new; may be empty
  std::string tail;  // mark-up that follows new words because it lay among the old ones
  Writing writing = Writing::Plain;
  int width = 0;        // new words are broken into lines of at most this many characters; 0: not
  int n_lines = 0;      // new words are broken into so many lines, if they have as many words; 0: not
  std::string newline;  // what breaks them

  size_t begin() const noexcept { return head.source.size() > 0 ? head.source.begin : sources.front().source.begin; }
  size_t end() const noexcept { return sources.back().source.end; }
};

// Sorted by begin(); a segment may lie inside a mark of an earlier one (a picture's description).
struct Layout {
  std::vector<Segment> segments;
  std::vector<Place> places;  // of each segment

  void sort();
};

std::string write(std::string_view source, const Layout& layout, std::span<const Pieces> translated);

// A document that is one text.
class TextDocument : public Document {
 public:
  TextDocument(std::string source, Layout layout);

 private:
  std::string write(std::span<const Pieces> translated) const override;
  std::string source_;
  Layout layout_;
};

enum class MarkKind : uint8_t { Single, Open, Close };

// Collects the pieces of one segment after another, which must adjoin, and adds them to a layout.
class SegmentBuilder {
 public:
  SegmentBuilder(std::string_view source, Layout& layout, Writing writing)
      : source_(source), layout_(layout), writing_(writing) {}

  // words: as a reader sees them. Neighbouring ones become one piece. mark_up: what of the range is to follow new
  // words.
  void add_words(Range range, std::string_view words, std::string_view mark_up = {});
  // An Open and the next Close of the same name are partners.
  void add_mark(Range range, MarkKind kind, std::string_view name, std::string written = {});
  // Ends the segment, leaves white space and marks that enclose it outside, and adds it if it has words to translate.
  // Returns its place, or null. Valid until the next one.
  Place* finish();

 private:
  struct Raw {
    Range range;
    std::string words, written, name;
    bool is_mark = false;
    MarkKind kind = MarkKind::Single;
    int partner = -1;  // index among the raw pieces
  };
  void find_partners();
  void trim();
  void trim_words();
  void build(Segment& segment, Place& place) const;

  std::string_view source_;
  Layout& layout_;
  Writing writing_;
  std::vector<Raw> raw_;
  size_t first_ = 0, last_ = 0;  // pieces [first_, last_) remain after trim()
};

}  // namespace facet::documents
