#include "documents/wordprocessing.h"

#include <expat.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/error.h"

namespace facet::documents {
namespace {

constexpr char kSeparator = '\n';  // between namespace and name, as expat gives them: in no namespace there is one

// The part of a name after its namespace, if that is one of WordprocessingML's two (transitional, strict).
std::string_view word_name(std::string_view name) {
  const size_t at = name.rfind(kSeparator);
  if (at == std::string_view::npos) return {};
  const std::string_view space = name.substr(0, at);
  const bool is_word = space == "http://schemas.openxmlformats.org/wordprocessingml/2006/main" ||
                       space == "http://purl.oclc.org/ooxml/wordprocessingml/main";
  return is_word ? name.substr(at + 1) : std::string_view{};
}

// What lies between two texts without parting them: nothing that a reader sees.
bool is_invisible(std::string_view word) {
  constexpr std::string_view kNames[] = {
      "r", "t", "rPr", "proofErr", "bookmarkStart", "bookmarkEnd", "noProof", "lastRenderedPageBreak", "lang"};
  return std::find(std::begin(kNames), std::end(kNames), word) != std::end(kNames);
}

class PartReader {
 public:
  PartReader(std::string_view xml, const std::string& name)
      : xml_(xml), name_(name), builder_(xml, layout_, Writing::Xml), parser_(XML_ParserCreateNS(nullptr, kSeparator)) {
    if (parser_ == nullptr) throw std::bad_alloc();
  }

  Layout read() {
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(
        parser_.get(), [](void* self, const XML_Char* name, const XML_Char**) { of(self).start(name); },
        [](void* self, const XML_Char* name) { of(self).end(name); });
    XML_SetCharacterDataHandler(parser_.get(), [](void* self, const XML_Char* text, int n) {
      if (of(self).in_text_) of(self).words_.append(text, static_cast<size_t>(n));
    });
    XML_SetStartDoctypeDeclHandler(parser_.get(), [](void* self, const XML_Char*, const XML_Char*, const XML_Char*,
                                                     int) { of(self).refuse("has a document type"); });
    XML_SetXmlDeclHandler(parser_.get(), [](void* self, const XML_Char*, const XML_Char* encoding, int) {
      const std::string_view name = encoding == nullptr ? "UTF-8" : encoding;
      if (name != "UTF-8" && name != "utf-8") of(self).refuse("is not in UTF-8");
    });
    const XML_Status status = XML_Parse(parser_.get(), xml_.data(), static_cast<int>(xml_.size()), XML_TRUE);
    if (!refusal_.empty()) throw_error<FormatError>("{}: it {}, which documents of Word do not", name_, refusal_);
    if (status != XML_STATUS_OK)
      throw_error<FormatError>("{}: no well-formed XML: {} at byte {}", name_,
                               XML_ErrorString(XML_GetErrorCode(parser_.get())),
                               XML_GetCurrentByteIndex(parser_.get()));
    finish();
    return std::move(layout_);
  }

 private:
  struct FreeParser {
    void operator()(XML_Parser parser) const noexcept { XML_ParserFree(parser); }
  };
  struct Tag {
    Range range;
    bool keeps_space = false;
  };

  static PartReader& of(void* self) { return *static_cast<PartReader*>(self); }

  // Stops: exceptions must not pass through a library in C.
  void refuse(const char* why) {
    refusal_ = why;
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  size_t position() const noexcept { return static_cast<size_t>(XML_GetCurrentByteIndex(parser_.get())); }
  size_t event_end() const noexcept { return position() + static_cast<size_t>(XML_GetCurrentByteCount(parser_.get())); }

  void start(std::string_view full_name) {
    // Its texts would lie inside each other, and a paragraph in it would forget the tag that ends here.
    if (in_text_) return refuse("has an element inside a text");
    const std::string_view name = word_name(full_name);
    if (name == "p") {
      finish();  // also of a paragraph around this one: text boxes stand inside paragraphs
    } else if (name == "rPr") {
      format_begin_ = event_end();
    } else if (name == "r") {
      format_.clear();
    } else if (name == "t") {
      start_text();
    }
    if (!is_invisible(name) && in_format_ == 0) is_parted_ = true;
    if (name == "rPr" || in_format_ > 0) ++in_format_;
  }

  void start_text() {
    in_text_ = true;
    words_.clear();
    const Range tag{position(), event_end()};
    tags_.push_back({tag, tag.of(xml_).find("xml:space") != std::string_view::npos});
  }

  void end(std::string_view full_name) {
    if (!refusal_.empty()) return;  // expat still tells the end of an empty element whose start stopped it
    const std::string_view name = word_name(full_name);
    if (in_format_ > 0 && --in_format_ == 0)
      format_ = formatting(Range{format_begin_, std::max(position(), format_begin_)});
    if (name == "t") end_text();
    if (name == "p") finish();
    if (!is_invisible(name) && in_format_ == 0) is_parted_ = true;
  }

  // Without what only spelling checkers see.
  std::string formatting(Range range) const {
    std::string out;
    const std::string_view text = range.of(xml_);
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('>', at), text.size() - 1) + 1;
      const std::string_view tag = text.substr(at, end - at);
      if (tag.find(":lang ") == std::string_view::npos && tag.find(":noProof") == std::string_view::npos) out += tag;
      at = end;
    }
    return out;
  }

  void end_text() {
    in_text_ = false;
    const Range range{tags_.back().range.end, position()};
    if (range.begin >= range.end || words_.empty()) {  // <w:t/>
      tags_.pop_back();
      return;
    }
    const bool is_blank = std::all_of(words_.begin(), words_.end(), is_space);
    if (has_text_) {
      const Range between{last_end_, range.begin};
      if (!is_parted_ && (format_ == last_format_ || is_blank))
        builder_.add_words(between, "", with_spaces_kept(between));
      else
        builder_.add_mark(between, mark_kind(), "r", with_spaces_kept(between));
    } else {
      base_format_ = format_;
    }
    builder_.add_words(range, words_);
    if (!has_text_ || is_parted_ || !is_blank) last_format_ = format_;
    has_text_ = true;
    is_parted_ = false;
    last_end_ = range.end;
  }

  // Words of another formatting than the paragraph's first, and back to that: tells which words they are.
  MarkKind mark_kind() const {
    if (last_format_ == base_format_ && format_ != base_format_) return MarkKind::Open;
    return last_format_ != base_format_ && format_ == base_format_ ? MarkKind::Close : MarkKind::Single;
  }

  // The tag <w:t> drops spaces at both ends of its text unless it says otherwise.
  std::string with_spaces_kept(Range range) const {
    std::string out;
    size_t at = range.begin;
    for (auto tag = std::lower_bound(tags_.begin(), tags_.end(), range.begin,
                                     [](const Tag&a, size_t b) { return a.range.begin < b; });
         tag != tags_.end() && tag->range.end <= range.end; ++tag) {
      if (tag->keeps_space) continue;
      const size_t close = tag->range.end - 1;
      out.append(xml_, at, close - at).append(" xml:space=\"preserve\"");
      at = close;
    }
    return out.append(xml_, at, range.end - at);
  }

  void finish() {
    if (Place* place = builder_.finish(); place != nullptr) {
      const size_t begin = place->sources.front().source.begin;
      const auto after =
          std::upper_bound(tags_.begin(), tags_.end(), begin, [](size_t a, const Tag& b) { return a < b.range.end; });
      place->head.source = {std::prev(after)->range.begin, begin};
      place->head.written = with_spaces_kept(place->head.source);
    }
    tags_.clear();
    has_text_ = is_parted_ = false;
  }

  std::string_view xml_;
  const std::string& name_;
  Layout layout_;
  SegmentBuilder builder_;
  std::unique_ptr<XML_ParserStruct, FreeParser> parser_;
  std::string refusal_;
  std::string words_;                 // of the <w:t> that is open
  std::string format_, last_format_;  // of the run that is open, and of the one before the last text's end
  std::string base_format_;           // of the first text of the paragraph
  std::vector<Tag> tags_;             // <w:t> of the paragraph
  size_t format_begin_ = 0, last_end_ = 0;
  int in_format_ = 0;  // depth inside <w:rPr>
  bool in_text_ = false, has_text_ = false;
  bool is_parted_ = false;  // since the last text something came that a reader sees, or that ties texts to something
};

}  // namespace

Layout split_wordprocessing(std::string_view xml, const std::string& name) {
  if (xml.size() > kMaxDocumentBytes) throw_error<FormatError>("{}: {} bytes are too many", name, xml.size());
  return PartReader(xml, name).read();
}

}  // namespace facet::documents
