// What stands within a paragraph of Markdown: emphasis, links, code, line breaks.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "documents/layout.h"

namespace facet::documents {

// The text of a paragraph without what stands before its lines (quotation marks, indentation), and where each of its
// bytes lies. Lines are joined by \n.
class InlineText {
 public:
  explicit InlineText(std::string_view source) : source_(source) {}

  void add_line(Range line);
  bool empty() const noexcept { return text_.empty(); }
  std::string_view text() const noexcept { return text_; }
  std::string_view source() const noexcept { return source_; }
  // Of bytes [begin, end) of text(), up to where the next one lies.
  Range range(size_t begin, size_t end) const noexcept;

 private:
  std::string_view source_;
  std::string text_;
  std::vector<size_t> places_;
  size_t end_ = 0;
};

// Lower-cased names of the links that a document defines ("[name]: target").
using LinkNames = std::set<std::string, std::less<>>;
std::string link_name(std::string_view text);

// Adds the paragraph's segment, if it has words.
void split_inline(const InlineText& text, const LinkNames& names, Writing writing, Layout& layout);

}  // namespace facet::documents
