// Documents whose words can be replaced while all else stays as it is, to the byte: plain text, Markdown, HTML, SRT and
// WebVTT subtitles, DOCX. A document is bytes from outside: what it claims to be is checked, and what is damaged is
// refused or left as it is.
//
// Formats are split by scanners of our own that know where each byte of text lies, not by parsers that build a tree: a
// tree is written back in the parser's own spelling, and then everything differs. The mark-up inside DOCX is XML, read
// by expat, which gives positions; its container is read and written by libzip.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "documents/segment.h"

namespace facet::documents {

enum class Format : uint8_t { Text, Markdown, Html, Srt, WebVtt, Docx };

// By the name's ending: .txt .text .md .markdown .html .htm .xhtml .srt .vtt .docx; nothing for another one.
std::optional<Format> format_of(std::string_view path);
std::string_view format_name(Format format) noexcept;  // "HTML"

class Document {
 public:
  virtual ~Document() = default;

  // In the order of the document.
  const std::vector<Segment>& segments() const noexcept { return segments_; }

  // The document with each segment's pieces replaced. What is given back as it was keeps its bytes; so does everything
  // between. Throws RequestError when the number of segments differs, or the marks of one (keeps_marks).
  std::string join(std::span<const Pieces> translated) const;

 protected:
  Document() = default;
  Document(const Document&) = default;
  Document& operator=(const Document&) = default;

  virtual std::string write(std::span<const Pieces> translated) const = 0;
  std::vector<Segment> segments_;
};

constexpr size_t kMaxDocumentBytes = size_t{256} << 20;

// name: for messages. max_bytes: of the text, of DOCX unpacked. Throws FormatError: damaged, encrypted, not UTF-8,
// larger; ResourceError: a format that this build is without.
std::unique_ptr<Document> split(Format format, std::string bytes, const std::string& name,
                                size_t max_bytes = kMaxDocumentBytes);

// The words of all segments, an empty line between two of them; of subtitles a line break.
std::string reader_text(const Document& document, Format format);

}  // namespace facet::documents
