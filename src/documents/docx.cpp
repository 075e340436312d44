#include "base/error.h"
#include "documents/formats.h"

#ifdef FACET_DOCUMENTS
#include <map>

#include "documents/wordprocessing.h"
#include "documents/zip.h"
#endif

namespace facet::documents {

#ifdef FACET_DOCUMENTS
namespace {

// The parts that a reader reads.
bool is_text_part(const std::string& entry) {
  if (!entry.starts_with("word/") || !entry.ends_with(".xml")) return false;
  const std::string_view part = std::string_view(entry).substr(5);
  return part == "document.xml" || part.starts_with("header") || part.starts_with("footer") ||
         part == "footnotes.xml" || part == "endnotes.xml";
}

class WordDocument : public Document {
 public:
  WordDocument(std::string bytes, const std::string& name, size_t max_bytes) : bytes_(std::move(bytes)), name_(name) {
    auto contents = read_zip(bytes_, name_, is_text_part, max_bytes);
    if (!contents.contains("word/document.xml"))
      throw_error<FormatError>("{}: no DOCX: the archive has no word/document.xml", name_);
    add_part("word/document.xml", std::move(contents["word/document.xml"]));
    contents.erase("word/document.xml");
    for (auto& [entry, xml] : contents) add_part(entry, std::move(xml));
  }

 private:
  struct Part {
    std::string entry, xml;
    Layout layout;
  };

  void add_part(const std::string& entry, std::string xml) {
    Layout layout = split_wordprocessing(xml, name_ + ": " + entry);
    for (Segment& segment : layout.segments) {
      segment.keeps_order = true;  // runs stay where they are; only their texts change
      segments_.push_back(segment);
    }
    parts_.push_back({entry, std::move(xml), std::move(layout)});
  }

  std::string write(std::span<const Pieces> translated) const override {
    std::map<std::string, std::string> changed;
    for (const Part& part : parts_) {
      const size_t n = part.layout.segments.size();
      std::string xml = documents::write(part.xml, part.layout, translated.first(n));
      if (xml != part.xml) changed[part.entry] = std::move(xml);
      translated = translated.subspan(n);
    }
    return changed.empty() ? bytes_ : replace_in_zip(bytes_, name_, changed);
  }

  std::string bytes_, name_;
  std::vector<Part> parts_;
};

}  // namespace

std::unique_ptr<Document> split_docx(std::string bytes, const std::string& name, size_t max_bytes) {
  return std::make_unique<WordDocument>(std::move(bytes), name, max_bytes);
}
#else
std::unique_ptr<Document> split_docx(std::string, const std::string& name, size_t) {
  throw_error<ResourceError>(
      "{}: DOCX needs libzip and expat, which this build is without: build with -DFACET_DOCUMENTS=ON", name);
}
#endif

}  // namespace facet::documents
