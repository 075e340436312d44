#include "documents/formats.h"
#include "documents/lines.h"

namespace facet::documents {
namespace {

// A line that ends because the next word did not fit, in a paragraph as wide as `width`.
bool is_wrapped(std::string_view line, std::string_view next, size_t width) {
  constexpr size_t kNarrowest = 40;  // narrower ones are verses, lists, addresses
  if (width < kNarrowest) return false;
  const std::string_view content = next.substr(std::min(next.find_first_not_of(" \t"), next.size()));
  return n_columns(line) + 1 + n_columns(content.substr(0, content.find_first_of(" \t"))) > width;
}

// The first of the lines has the paragraph's own indentation; the second shows that of the others.
void split_paragraph(std::string_view source, std::span<const Range> lines, Layout& layout) {
  size_t width = 0;
  for (const Range& line : lines) width = std::max(width, n_columns(line.of(source)));
  SegmentBuilder builder(source, layout, Writing::Plain);
  std::string newline;
  for (size_t i = 0, begin = 0; i < lines.size(); ++i) {
    const Range line{std::max(begin, lines[i].begin), lines[i].end};
    builder.add_words(line, line.of(source));
    if (i + 1 < lines.size() && is_wrapped(lines[i].of(source), lines[i + 1].of(source), width)) {
      begin = std::min(source.find_first_not_of(" \t", lines[i + 1].begin), lines[i + 1].end);
      if (newline.empty()) newline = source.substr(line.end, begin - line.end);
      builder.add_words({line.end, begin}, " ");
      continue;
    }
    if (Place* place = builder.finish(); place != nullptr && !newline.empty()) {
      place->width = static_cast<int>(width);
      place->newline = newline;
    }
    newline.clear();
  }
}

}  // namespace

Layout split_text(std::string_view source) {
  Layout layout;
  const std::vector<Range> lines = lines_of(source);
  for (size_t i = 0; i < lines.size(); ++i) {
    size_t end = i;
    while (end < lines.size() && !is_blank(lines[end].of(source))) ++end;
    if (end > i) split_paragraph(source, std::span(lines).subspan(i, end - i), layout);
    i = end;
  }
  return layout;
}

}  // namespace facet::documents
