#include "documents/layout.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

#include "documents/line_breaks.h"
#include "documents/markup.h"

namespace facet::documents {
namespace {

class Writer {
 public:
  Writer(std::string_view source, const Layout& layout, std::span<const Pieces> translated)
      : source_(source), layout_(layout), translated_(translated) {}

  // The bytes of a range, with the segments in it from index `next` on replaced.
  void copy(Range range, size_t next) {
    const auto starts_before = [](const Place& place, size_t at) { return place.begin() < at; };
    const auto places = layout_.places.begin();
    next = std::lower_bound(places + static_cast<ptrdiff_t>(next), layout_.places.end(), range.begin, starts_before) -
           places;
    size_t at = range.begin;
    while (next < layout_.places.size() && layout_.places[next].begin() < range.end) {
      const size_t i = next;
      out_.append(source_, at, layout_.places[i].begin() - at);
      replace(i);
      at = layout_.places[i].end();
      next = std::lower_bound(places + static_cast<ptrdiff_t>(i) + 1, layout_.places.end(), at, starts_before) - places;
    }
    out_.append(source_, at, range.end - at);
  }

  std::string take() { return std::move(out_); }

 private:
  void replace(size_t i) {
    const Place& place = layout_.places[i];
    if (translated_[i] == layout_.segments[i].pieces) return copy({place.begin(), place.end()}, i + 1);
    out_ += place.head.written;
    const size_t begin = out_.size();
    std::vector<Space> spaces;
    std::vector<const Inline*> marks(layout_.segments[i].partners.size());
    for (size_t j = 0; j < place.sources.size(); ++j)
      if (const int mark = layout_.segments[i].pieces[j].mark; mark > 0) marks[mark - 1] = &place.sources[j];
    size_t column = 0;
    for (const Piece& piece : translated_[i]) {
      if (piece.mark > 0)
        write_mark(*marks[piece.mark - 1], i);
      else
        column = write_words(place, piece.text, out_.size() == begin, column, spaces);
    }
    out_ += place.tail;
    if (place.width > 0) break_lines(out_, spaces_to_fill(spaces, column, place.width), place.newline);
    if (place.n_lines > 1) break_lines(out_, spaces_to_share(spaces, column, place.n_lines), place.newline);
  }

  void write_mark(const Inline& mark, size_t i) {
    if (mark.written.empty())
      copy(mark.source, i + 1);
    else
      out_ += mark.written;
  }

  size_t write_words(const Place& place, std::string_view words, bool is_first, size_t column,
                     std::vector<Space>& spaces) {
    const std::string text = encode(place.writing, words, is_first);
    for (size_t k = 0; k < text.size(); ++k) {
      if (text[k] == ' ') spaces.push_back({out_.size() + k, column});
      column += (static_cast<unsigned char>(text[k]) & 0xc0) != 0x80;
    }
    out_ += text;
    return column;
  }

  std::string_view source_;
  const Layout& layout_;
  std::span<const Pieces> translated_;
  std::string out_;
};

}  // namespace

void Layout::sort() {
  std::vector<size_t> order(places.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return places[a].begin() < places[b].begin(); });
  Layout sorted;
  for (const size_t i : order) {
    sorted.segments.push_back(std::move(segments[i]));
    sorted.places.push_back(std::move(places[i]));
  }
  *this = std::move(sorted);
}

std::string write(std::string_view source, const Layout& layout, std::span<const Pieces> translated) {
  Writer writer(source, layout, translated);
  writer.copy({0, source.size()}, 0);
  return writer.take();
}

TextDocument::TextDocument(std::string source, Layout layout) : source_(std::move(source)), layout_(std::move(layout)) {
  layout_.sort();
  segments_ = layout_.segments;
}

std::string TextDocument::write(std::span<const Pieces> translated) const {
  return documents::write(source_, layout_, translated);
}

void SegmentBuilder::add_words(Range range, std::string_view words, std::string_view mark_up) {
  assert(raw_.empty() || raw_.back().range.end == range.begin);
  if (raw_.empty() || raw_.back().is_mark) raw_.push_back({{range.begin, range.begin}, {}, {}, {}});
  raw_.back().range.end = range.end;
  raw_.back().words += words;
  raw_.back().written += mark_up;
}

void SegmentBuilder::add_mark(Range range, MarkKind kind, std::string_view name, std::string written) {
  assert(raw_.empty() || raw_.back().range.end == range.begin);
  raw_.push_back({range, {}, std::move(written), std::string(name), true, kind});
}

// A stack of open marks; one that was skipped by a closing one stays without a partner. The look back is bounded, so
// that no text takes quadratic time.
void SegmentBuilder::find_partners() {
  constexpr size_t kLookBack = 64;
  std::vector<size_t> open;
  for (size_t i = 0; i < raw_.size(); ++i) {
    if (!raw_[i].is_mark || raw_[i].kind == MarkKind::Single) continue;
    if (raw_[i].kind == MarkKind::Open) {
      open.push_back(i);
      continue;
    }
    const size_t n = std::min(open.size(), kLookBack);
    const auto found = std::find_if(open.rbegin(), open.rbegin() + static_cast<ptrdiff_t>(n),
                                    [&](size_t j) { return raw_[j].name == raw_[i].name; });
    if (found == open.rbegin() + static_cast<ptrdiff_t>(n)) continue;
    raw_[i].partner = static_cast<int>(*found);
    raw_[*found].partner = static_cast<int>(i);
    open.erase(found.base() - 1, open.end());
  }
}

// Leaves outside: white space, marks that stand alone, and pairs that enclose everything.
void SegmentBuilder::trim() {
  first_ = 0, last_ = raw_.size();
  const auto is_blank = [](const Raw& raw) {
    return !raw.is_mark && std::all_of(raw.words.begin(), raw.words.end(), is_space);
  };
  const auto is_loose = [&](const Raw& raw) {
    return is_blank(raw) ||
           (raw.is_mark && (raw.partner < static_cast<int>(first_) || raw.partner >= static_cast<int>(last_)));
  };
  while (first_ < last_) {
    if (is_loose(raw_[first_]))
      ++first_;
    else if (is_loose(raw_[last_ - 1]))
      --last_;
    else if (raw_[first_].is_mark && raw_[first_].partner == static_cast<int>(last_ - 1))
      ++first_, --last_;
    else
      break;
  }
}

void SegmentBuilder::trim_words() {
  Raw& front = raw_[first_];
  while (!front.is_mark && is_space(front.words.front())) {
    front.words.erase(0, 1);
    while (front.range.size() > 0 && is_space(source_[front.range.begin])) ++front.range.begin;
  }
  Raw& back = raw_[last_ - 1];
  while (!back.is_mark && is_space(back.words.back())) {
    back.words.pop_back();
    while (back.range.size() > 0 && is_space(source_[back.range.end - 1])) --back.range.end;
  }
}

void SegmentBuilder::build(Segment& segment, Place& place) const {
  std::vector<int> number(raw_.size());
  int n_marks = 0;
  for (size_t i = first_; i < last_; ++i)
    if (raw_[i].is_mark) number[i] = ++n_marks;
  for (size_t i = first_; i < last_; ++i) {
    const Raw& raw = raw_[i];
    segment.pieces.push_back({raw.words, number[i]});
    place.sources.push_back({raw.range, raw.is_mark ? raw.written : ""});
    if (!raw.is_mark) {
      place.tail += raw.written;
      continue;
    }
    if (!place.tail.empty())  // mark-up among the words before goes with the mark after them
      place.sources.back().written =
          std::exchange(place.tail, "") + (raw.written.empty() ? std::string(raw.range.of(source_)) : raw.written);
    segment.partners.push_back(raw.partner < 0 ? 0 : number[raw.partner]);
    if (raw.kind != MarkKind::Single && segment.partners.back() == 0) segment.keeps_order = true;
  }
  place.writing = writing_;
}

Place* SegmentBuilder::finish() {
  find_partners();
  trim();
  const bool has_words =
      std::any_of(raw_.begin() + static_cast<ptrdiff_t>(first_), raw_.begin() + static_cast<ptrdiff_t>(last_),
                  [](const Raw& raw) { return has_letters(raw.words); });
  if (has_words) {
    trim_words();
    build(layout_.segments.emplace_back(), layout_.places.emplace_back());
  }
  raw_.clear();
  return has_words ? &layout_.places.back() : nullptr;
}

}  // namespace facet::documents
