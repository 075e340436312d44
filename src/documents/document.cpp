#include "documents/document.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "documents/characters.h"
#include "documents/formats.h"

namespace facet::documents {
namespace {

struct Ending {
  std::string_view text;
  Format format;
};
constexpr Ending kEndings[] = {
    {".txt", Format::Text},   {".text", Format::Text}, {".md", Format::Markdown}, {".markdown", Format::Markdown},
    {".html", Format::Html},  {".htm", Format::Html},  {".xhtml", Format::Html},  {".srt", Format::Srt},
    {".vtt", Format::WebVtt}, {".docx", Format::Docx},
};

// The bytes of the character at the front of `text`; 0: it is none (RFC 3629).
size_t character_length(std::string_view text) noexcept {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto continues = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned lead = byte(0), second = byte(1);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead < 0xf0) {
    const bool is_short_or_surrogate = (lead == 0xe0 && second < 0xa0) || (lead == 0xed && second >= 0xa0);
    return continues(1) && continues(2) && !is_short_or_surrogate ? 3 : 0;
  }
  const bool is_in_range = (lead > 0xf0 || second >= 0x90) && (lead < 0xf4 || second < 0x90);
  return lead >= 0xf0 && lead < 0xf5 && is_in_range && continues(1) && continues(2) && continues(3) ? 4 : 0;
}

void check_utf8(std::string_view text, const std::string& name) {
  for (size_t at = 0; at < text.size();) {
    const size_t n = character_length(text.substr(at));
    if (n == 0)
      throw_error<FormatError>(
          "{}: not UTF-8 (byte {}): convert it first, for example with iconv -f WINDOWS-1252 -t UTF-8", name, at);
    at += n;
  }
  if (text.find('\0') != std::string_view::npos) throw_error<FormatError>("{}: no text: it holds zero bytes", name);
}

Layout split_as(Format format, std::string_view text, const std::string& name) {
  switch (format) {
    case Format::Markdown:
      return split_markdown(text);
    case Format::Html:
      return split_html(text);
    case Format::Srt:
    case Format::WebVtt:
      return split_subtitles(text, format == Format::WebVtt, name);
    default:
      return split_text(text);
  }
}

}  // namespace

std::optional<Format> format_of(std::string_view path) {
  const std::string lower = lower_case(path);
  for (const Ending& ending : kEndings)
    if (lower.ends_with(ending.text)) return ending.format;
  return {};
}

std::string_view format_name(Format format) noexcept {
  constexpr std::array<std::string_view, 6> kNames = {"text", "Markdown", "HTML", "SRT", "WebVTT", "DOCX"};
  return kNames[static_cast<size_t>(format)];
}

std::string Document::join(std::span<const Pieces> translated) const {
  if (translated.size() != segments_.size())
    throw_error<RequestError>("{} segments for a document of {}", translated.size(), segments_.size());
  for (size_t i = 0; i < segments_.size(); ++i)
    if (!keeps_marks(segments_[i], translated[i]))
      throw_error<RequestError>("segment {} has lost marks of its {}, or their order", i + 1, segments_[i].n_marks());
  return write(translated);
}

std::unique_ptr<Document> split(Format format, std::string bytes, const std::string& name, size_t max_bytes) {
  // Most of an archive may be pictures.
  if (const size_t most = format == Format::Docx ? kMaxDocumentBytes : max_bytes; bytes.size() > most)
    throw_error<FormatError>("{}: {} bytes: documents of up to {} are read", name, bytes.size(), most);
  if (format == Format::Docx) return split_docx(std::move(bytes), name, max_bytes);
  check_utf8(bytes, name);
  Layout layout = split_as(format, bytes, name);
  return std::make_unique<TextDocument>(std::move(bytes), std::move(layout));
}

std::string reader_text(const Document& document, Format format) {
  const bool is_subtitles = format == Format::Srt || format == Format::WebVtt;
  std::string out;
  for (const Segment& segment : document.segments()) {
    if (!out.empty()) out += is_subtitles ? "\n" : "\n\n";
    out += words_of(segment.pieces);
  }
  return out;
}

}  // namespace facet::documents
