// One function a format: a text's layout. document.cpp chooses among them, and has checked that the text is UTF-8.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "documents/layout.h"

namespace facet::documents {

// Paragraphs. Where lines end because the paragraph was wrapped, they are one segment, else one each.
Layout split_text(std::string_view source);

// CommonMark with the tables, strikethrough and footnotes of GitHub. Left as they are: front matter, code, formulas,
// raw HTML but for its text, targets of links.
Layout split_markdown(std::string_view source);

// Text, title, and the attributes alt and title. Left as they are: script, style, pre, code and their like, and what is
// marked translate="no".
Layout split_html(std::string_view source);

// Throws FormatError: no cue, or no WebVTT header.
Layout split_subtitles(std::string_view source, bool is_vtt, const std::string& name);

// Throws FormatError, ResourceError as split() does.
std::unique_ptr<Document> split_docx(std::string bytes, const std::string& name, size_t max_bytes);

}  // namespace facet::documents
