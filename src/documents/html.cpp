#include "documents/html.h"

#include "documents/formats.h"
#include "documents/html_tokens.h"
#include "documents/markup.h"

namespace facet::documents {
namespace {

using Kind = HtmlToken::Kind;

class HtmlSplitter {
 public:
  HtmlSplitter(std::string_view source, Range range, Layout& layout)
      : source_(source), range_(range), layout_(layout), builder_(source, layout, Writing::Html) {}

  void split() {
    for (size_t at = range_.begin; at < range_.end;) {
      const HtmlToken token = html_token(source_, at, range_.end);
      at = token.range.end;
      if (token.kind == Kind::Text)
        builder_.add_words(token.range, decode_references(collapse_spaces(token.range.of(source_))));
      else if (token.kind == Kind::Other)
        builder_.add_mark(token.range, MarkKind::Single, "");
      else
        at = take_tag(token);
    }
    builder_.finish();
  }

 private:
  bool has_translate_no(const HtmlToken& tag) const {
    for (const HtmlAttribute& attribute : tag.attributes)
      if (attribute.name == "translate" && attribute.value.of(source_) == "no") return true;
    return false;
  }

  // Returns what follows.
  size_t take_tag(const HtmlToken& tag) {
    const bool opens = tag.kind == Kind::OpenTag;
    if (opens && (is_opaque_element(tag.name) || has_translate_no(tag))) return skip(tag);
    if (opens) add_attributes(tag);
    if (opens && tag.name == "title") return take_title(tag);
    if (!is_inline_element(tag.name)) {
      builder_.finish();
    } else {
      const bool is_single = is_void_element(tag.name) || (opens && tag.is_closed);
      builder_.add_mark(tag.range, is_single ? MarkKind::Single : opens ? MarkKind::Open : MarkKind::Close, tag.name);
    }
    return tag.range.end;
  }

  // The whole element, as one mark of the sentence that it stands in, or between two segments.
  size_t skip(const HtmlToken& tag) {
    const size_t end = html_element_end(source_, tag, range_.end);
    if (is_inline_element(tag.name) || tag.name == "script" || tag.name == "style")
      builder_.add_mark({tag.range.begin, end}, MarkKind::Single, "");
    else
      builder_.finish();
    return end;
  }

  size_t take_title(const HtmlToken& tag) {
    builder_.finish();
    const Range text{tag.range.end, html_raw_text_end(source_, tag, range_.end)};
    builder_.add_words(text, decode_references(collapse_spaces(text.of(source_))));
    builder_.finish();
    return text.end;
  }

  // Their segments lie inside the mark that the tag becomes.
  void add_attributes(const HtmlToken& tag) {
    for (const HtmlAttribute& attribute : tag.attributes) {
      if ((attribute.name != "alt" && attribute.name != "title") || attribute.value.size() == 0) continue;
      const Writing writing = attribute.quote == '"'    ? Writing::DoubleQuoted
                              : attribute.quote == '\'' ? Writing::SingleQuoted
                                                        : Writing::Unquoted;
      SegmentBuilder value(source_, layout_, writing);
      value.add_words(attribute.value, decode_references(collapse_spaces(attribute.value.of(source_))));
      value.finish();
    }
  }

  std::string_view source_;
  Range range_;
  Layout& layout_;
  SegmentBuilder builder_;
};

}  // namespace

void split_html_range(std::string_view source, Range range, Layout& layout) {
  HtmlSplitter(source, range, layout).split();
}

Layout split_html(std::string_view source) {
  Layout layout;
  split_html_range(source, {0, source.size()}, layout);
  return layout;
}

}  // namespace facet::documents
