// HTML as a row of tags and texts, each with its place. It follows the tokenizer of the HTML standard where that
// decides what is text; it does not repair the tree, since nothing is moved.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "documents/layout.h"

namespace facet::documents {

struct HtmlAttribute {
  std::string name;  // lower case
  Range value;       // without quotes
  char quote = 0;    // 0: none
};

struct HtmlToken {
  enum class Kind : uint8_t { Text, OpenTag, CloseTag, Other } kind = Kind::Text;  // Other: comments, declarations
  Range range;
  std::string name;  // of a tag, lower case
  std::vector<HtmlAttribute> attributes;
  bool is_closed = false;  // <br/>
};

// The token at `at` < end. What lacks its end reaches to `end`.
HtmlToken html_token(std::string_view source, size_t at, size_t end);

// After the tag that closes the element which `open` opened, or `end`. Of elements whose content is raw text (script)
// the next closing tag counts, of others the one of the same depth.
size_t html_element_end(std::string_view source, const HtmlToken& open, size_t end);

// Where its closing tag begins, of an element whose content is raw text.
size_t html_raw_text_end(std::string_view source, const HtmlToken& open, size_t end);

bool is_void_element(std::string_view name) noexcept;    // has no content: br, img
bool is_inline_element(std::string_view name) noexcept;  // stands within a sentence: b, a, span
bool is_opaque_element(std::string_view name) noexcept;  // holds no words to translate: script, code, svg

}  // namespace facet::documents
