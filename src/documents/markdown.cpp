// The blocks of Markdown, line by line: which lines are code, tables, headings, and which make a paragraph together.
#include <optional>

#include "documents/formats.h"
#include "documents/html.h"
#include "documents/html_tokens.h"
#include "documents/lines.h"
#include "documents/markdown_inline.h"

namespace facet::documents {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// What stands before a line's content.
struct LineStart {
  size_t content = 0;    // where it begins
  int n_quotes = 0;      // ">"
  int indent = 0;        // columns of white space before the content, or before its list marker
  int list_indent = -1;  // columns up to what follows a list marker; -1: it has none
};

// "* * *", "---", "=====": a rule, or the underline of a heading.
bool is_rule(std::string_view content) {
  const std::string_view line = trimmed(content);
  if (line.empty() || std::string_view("*-_=").find(line[0]) == std::string_view::npos) return false;
  size_t n = 0;
  for (const char c : line) {
    if (c != line[0] && !is_space(c)) return false;
    n += c == line[0];
  }
  return n >= 3 || line[0] == '=' || (line[0] == '-' && n == line.size());
}

// "- ", "* ", "+ ", "12. ", "3) ": its length without the space; 0: none.
size_t list_marker(std::string_view content) {
  if (content.empty()) return 0;
  size_t n = 0;
  if (std::string_view("-*+").find(content[0]) != std::string_view::npos) {
    n = 1;
  } else {
    while (n < content.size() && n < 9 && is_digit(content[n])) ++n;
    if (n == 0 || n == content.size() || (content[n] != '.' && content[n] != ')')) return 0;
    ++n;
  }
  return n == content.size() || content[n] == ' ' || content[n] == '\t' ? n : 0;
}

LineStart line_start(std::string_view source, Range line) {
  LineStart start;
  size_t at = line.begin;
  const auto skip_spaces = [&](int limit) {
    int columns = 0;
    for (; at < line.end && (source[at] == ' ' || source[at] == '\t') && columns < limit; ++at)
      columns += source[at] == '\t' ? 4 : 1;
    return columns;
  };
  start.indent = skip_spaces(1000);
  while (at < line.end && source[at] == '>') {
    ++start.n_quotes;
    ++at;
    start.indent = std::max(skip_spaces(1000) - 1, 0);
  }
  int column = start.indent;
  for (int depth = 0; depth < 8; ++depth) {  // "- - item" opens two lists
    const std::string_view content = source.substr(at, line.end - at);
    const size_t marker = is_rule(content) ? 0 : list_marker(content);
    if (marker == 0) break;
    at += marker;
    column += static_cast<int>(marker) + skip_spaces(1000);
    start.list_indent = column;
  }
  const std::string_view content = source.substr(at, line.end - at);
  if (start.list_indent >= 0 && content.size() > 3 && content[0] == '[' && content[2] == ']' && content[3] == ' ')
    at += 4;
  start.content = at;
  return start;
}

// "## " is of level 2; 0: no heading.
size_t heading_level(std::string_view content) {
  const size_t level = std::min(content.find_first_not_of('#'), content.size());
  return level <= 6 && (level == content.size() || is_space(content[level])) ? level : 0;
}

class MarkdownSplitter {
 public:
  explicit MarkdownSplitter(std::string_view source) : source_(source), lines_(lines_of(source)), paragraph_(source) {}

  Layout split() {
    find_link_names();
    for (size_t i = front_matter_end(); i < lines_.size();) i = take_line(i);
    end_paragraph();
    return std::move(layout_);
  }

 private:
  std::string_view line(size_t i) const { return lines_[i].of(source_); }

  size_t front_matter_end() const {
    if (lines_.empty()) return 0;
    std::string_view first = line(0);
    if (first.starts_with("\xef\xbb\xbf")) first.remove_prefix(3);
    const std::string_view fence = trimmed(first);
    if (fence != "---" && fence != "+++") return 0;
    for (size_t i = 1; i < lines_.size(); ++i)
      if (trimmed(line(i)) == fence || (fence == "---" && trimmed(line(i)) == "...")) return i + 1;
    return 0;
  }

  // "[name]: target", "[^note]: words"; 0: the line is neither, else where the words begin.
  size_t definition_end(std::string_view content) const {
    const size_t close = content.starts_with('[') ? content.find("]:") : std::string_view::npos;
    return close == std::string_view::npos || close == 1 || content.find('[', 1) < close ? 0 : close + 2;
  }

  void find_link_names() {
    for (const Range& range : lines_) {
      const std::string_view content = trimmed(range.of(source_));
      const size_t end = definition_end(content);
      if (end > 0 && content[1] != '^') names_.insert(link_name(content.substr(1, end - 3)));
    }
  }

  // Returns the line that follows what begins on line i.
  size_t take_line(size_t i) {
    const LineStart start = line_start(source_, lines_[i]);
    const std::string_view content = source_.substr(start.content, lines_[i].end - start.content);
    if (is_blank(content)) return end_at_blank(i);
    const bool is_continued = !paragraph_.empty() && start.list_indent < 0 && start.n_quotes == n_quotes_;
    if (!is_continued && is_indented_code(start)) return i + 1;
    if (start.list_indent >= 0 && !interrupts(i)) return add_to_paragraph(i, start);
    if (const auto next = take_block(i, start, content)) return *next;
    if (!is_continued) end_paragraph();
    if (start.list_indent >= 0) list_indent_ = start.list_indent;
    if (start.indent == 0 && start.list_indent < 0 && !is_continued) list_indent_ = 0;
    n_quotes_ = start.n_quotes;
    return add_to_paragraph(i, start);
  }

  size_t end_at_blank(size_t i) {
    end_paragraph();
    return i + 1;
  }

  // Only a list that begins with 1 may follow a paragraph's line; others are words ("in\n1999. ").
  bool interrupts(size_t i) const {
    if (paragraph_.empty() || list_indent_ > 0) return true;
    const std::string_view marker = line(i).substr(line(i).find_first_not_of(" \t>"));
    return !is_digit(marker[0]) || (marker[0] == '1' && !is_digit(marker[1]));
  }

  bool is_indented_code(const LineStart& start) const { return paragraph_.empty() && start.indent >= list_indent_ + 4; }

  // Blocks that are more than a paragraph's line.
  std::optional<size_t> take_block(size_t i, const LineStart& start, std::string_view content) {
    if (content.starts_with("```") || content.starts_with("~~~") || trimmed(content) == "$$")
      return take_fence(i, content);
    if (is_rule(content) || content.starts_with(":::")) return take_rule(i);
    if (heading_level(content) > 0) return take_heading(i, start, content);
    if (definition_end(content) > 0 && paragraph_.empty()) return take_definition(i, start, content);
    if (content[0] == '<' && start.list_indent < 0)
      if (const size_t end = html_block_end(i, content); end > i) return take_html(i, end);
    if (i + 1 < lines_.size() && is_delimiter_row(line(i + 1)) && content.find('|') != std::string_view::npos)
      return take_table(i, start);
    return {};
  }

  size_t take_rule(size_t i) {
    end_paragraph();
    return i + 1;
  }

  size_t take_fence(size_t i, std::string_view content) {
    end_paragraph();
    size_t n = 0;
    while (n < content.size() && content[n] == content[0]) ++n;
    for (size_t j = i + 1; j < lines_.size(); ++j) {
      std::string_view text = line(j);
      text.remove_prefix(std::min(text.find_first_not_of(" \t>"), text.size()));
      text = trimmed(text);
      if (text.size() >= n && text.find_first_not_of(content[0]) == std::string_view::npos) return j + 1;
    }
    return lines_.size();
  }

  size_t take_heading(size_t i, const LineStart& start, std::string_view content) {
    const size_t level = heading_level(content);
    end_paragraph();
    std::string_view words = content.substr(level);
    while (!words.empty() && is_space(words.back())) words.remove_suffix(1);
    if (words.ends_with('}'))  // ## Heading {#anchor}
      if (const size_t brace = words.rfind("{#"); brace != std::string_view::npos) words = words.substr(0, brace);
    while (!words.empty() && (is_space(words.back()) || words.back() == '#')) words.remove_suffix(1);
    const size_t begin = start.content + level;
    add_alone({begin, begin + words.size()}, Writing::Markdown);
    return i + 1;
  }

  size_t take_definition(size_t i, const LineStart& start, std::string_view content) {
    if (content[1] != '^') return i + 1;
    n_quotes_ = start.n_quotes;
    LineStart words = start;
    words.content += definition_end(content);
    words.content = std::min(source_.find_first_not_of(" \t", words.content), lines_[i].end);
    if (words.content < lines_[i].end) paragraph_.add_line({words.content, lines_[i].end});
    return i + 1;
  }

  // The line after a block of raw HTML that begins here, or i.
  size_t html_block_end(size_t i, std::string_view content) const {
    const HtmlToken token = html_token(source_, lines_[i].end - content.size(), source_.size());
    size_t end = i + 1;
    if (content.starts_with("<!--")) {
      while (end < lines_.size() && lines_[end].begin < token.range.end) ++end;
    } else if (token.name == "script" || token.name == "style" || token.name == "pre" || token.name == "textarea") {
      const size_t at = html_element_end(source_, token, source_.size());
      while (end < lines_.size() && lines_[end].begin < at) ++end;
    } else if (!token.name.empty() && token.name.find_first_of(":@.") == std::string::npos &&
               !is_inline_element(token.name)) {
      while (end < lines_.size() && !is_blank(line(end))) ++end;
    } else {
      return i;
    }
    return end;
  }

  size_t take_html(size_t i, size_t end) {
    end_paragraph();
    split_html_range(source_, {lines_[i].begin, lines_[end - 1].end}, layout_);
    return end;
  }

  static bool is_delimiter_row(std::string_view text) {
    return text.find('-') != std::string_view::npos && text.find('|') != std::string_view::npos &&
           text.find_first_not_of(" \t>|:-") == std::string_view::npos;
  }

  size_t take_table(size_t i, const LineStart& start) {
    end_paragraph();
    take_row({start.content, lines_[i].end});
    size_t j = i + 2;
    for (; j < lines_.size() && line(j).find('|') != std::string_view::npos; ++j)
      take_row({line_start(source_, lines_[j]).content, lines_[j].end});
    return j;
  }

  // Cells end at a | that is not escaped and not in code.
  void take_row(Range row) {
    size_t begin = row.begin;
    bool in_code = false;
    for (size_t at = row.begin; at <= row.end; ++at) {
      if (at < row.end && source_[at] == '\\') {
        ++at;
        continue;
      }
      if (at < row.end && source_[at] == '`') in_code = !in_code;
      if (at < row.end && (source_[at] != '|' || in_code)) continue;
      add_alone({begin, std::min(at, row.end)}, Writing::MarkdownCell);
      begin = at + 1;
    }
    if (begin < row.end) add_alone({begin, row.end}, Writing::MarkdownCell);
  }

  size_t add_to_paragraph(size_t i, const LineStart& start) {
    const bool is_new = paragraph_.empty();
    const size_t begin = is_new || start.list_indent < 0
                             ? start.content
                             : source_.find_first_not_of(" \t>", lines_[i].begin);  // a marker that is none
    paragraph_.add_line({begin, lines_[i].end});
    return i + 1;
  }

  void add_alone(Range range, Writing writing) {
    InlineText text(source_);
    text.add_line(range);
    split_inline(text, names_, writing, layout_);
  }

  void end_paragraph() {
    split_inline(paragraph_, names_, Writing::Markdown, layout_);
    paragraph_ = InlineText(source_);
  }

  std::string_view source_;
  std::vector<Range> lines_;
  InlineText paragraph_;
  int n_quotes_ = 0;     // of the paragraph
  int list_indent_ = 0;  // columns before the content of the innermost list's items
  LinkNames names_;
  Layout layout_;
};

}  // namespace

Layout split_markdown(std::string_view source) { return MarkdownSplitter(source).split(); }

}  // namespace facet::documents
