#include <gtest/gtest.h>

#include "base/error.h"
#include "documents/test_documents.h"

#ifdef FACET_DOCUMENTS
#include <zip.h>

#include "documents/wordprocessing.h"
#include "documents/zip.h"

namespace facet::documents {
namespace {

using Strings = std::vector<std::string>;
using Entries = std::vector<std::pair<std::string, std::string>>;

std::string zip_of(const Entries& entries) {
  zip_source_t* source = zip_source_buffer_create(nullptr, 0, 0, nullptr);
  zip_source_keep(source);
  zip_t* archive = zip_open_from_source(source, ZIP_TRUNCATE, nullptr);
  for (const auto& [name, content] : entries)
    zip_file_add(archive, name.c_str(), zip_source_buffer(archive, content.data(), content.size(), 0), 0);
  EXPECT_EQ(zip_close(archive), 0);
  zip_stat_t stat;
  zip_source_stat(source, &stat);
  std::string bytes(stat.size, '\0');
  zip_source_open(source);
  zip_source_read(source, bytes.data(), bytes.size());
  zip_source_close(source);
  zip_source_free(source);
  return bytes;
}

std::string part(const std::string& body) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n<w:document "
         "xmlns:w=\"http://schemas.openxmlformats.org/"
         "wordprocessingml/2006/main\"><w:body>" +
         body + "</w:body></w:document>";
}

std::string run(const std::string& text, const std::string& format = "") {
  return "<w:r>" + (format.empty() ? "" : "<w:rPr>" + format + "</w:rPr>") + "<w:t xml:space=\"preserve\">" + text +
         "</w:t></w:r>";
}

const std::string kParagraph = "<w:p w:rsidR=\"00A\"><w:pPr><w:rPr><w:b/></w:rPr></w:pPr>" + run("Hello ") +
                               "<w:proofErr w:type=\"spellStart\"/>" + run("wor", "<w:lang w:val=\"en\"/>") +
                               run("ld ") + run("bold", "<w:b/>") + run(" ", "<w:b/>") + run("R&amp;D") + "</w:p>";

std::string docx_of(const std::string& body) {
  return zip_of({{"[Content_Types].xml", "<Types/>"},
                 {"word/document.xml", part(body)},
                 {"word/styles.xml", "<no>styles</no>"},
                 {"word/header1.xml", part("<w:p><w:r><w:t>Top</w:t></w:r></w:p>")},
                 {"word/media/image1.png", std::string(5000, 'x')}});
}

bool is_any(const std::string&) { return true; }

TEST(Docx, RunsOfOneFormattingAreOnePiece) {
  EXPECT_EQ(segments_of(Format::Docx, docx_of(kParagraph)), (Strings{"Hello world <1>bold <2>R&D", "Top"}));
}

// The library then writes the second part alone.
TEST(Docx, MostOfTheArchiveMayStandBeforeTheText) {
  std::string noise(20000, 0);
  uint32_t state = 1;
  for (char& c : noise) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  const std::string before = zip_of(
      {{"[Content_Types].xml", "<Types/>"}, {"word/media/a.png", noise}, {"word/document.xml", part(kParagraph)}});
  const std::string after = in_capitals(Format::Docx, before, "");
  EXPECT_EQ(read_zip(after, "test", is_any, kMaxDocumentBytes).at("word/media/a.png"), noise);
  EXPECT_EQ(segments_of(Format::Docx, after).front().substr(0, 11), "HELLO WORLD");
}

TEST(Docx, ALimitIsForTheTextAsItUnpacks) {
  const std::string much = docx_of(run(std::string(100'000, 'a')));
  EXPECT_LT(much.size(), 10'000u);
  EXPECT_THROW(split(Format::Docx, much, "test", 50'000), FormatError);
  EXPECT_NO_THROW(split(Format::Docx, much, "test", 200'000));
}

TEST(Docx, OnlyWordsChange) {
  const std::string before = docx_of(kParagraph), after = in_capitals(Format::Docx, before, " <");
  auto old_entries = read_zip(before, "test", is_any, kMaxDocumentBytes),
       new_entries = read_zip(after, "test", is_any, kMaxDocumentBytes);
  EXPECT_EQ(new_entries.at("word/document.xml"),
            part("<w:p w:rsidR=\"00A\"><w:pPr><w:rPr><w:b/></w:rPr></w:pPr>" + run("HELLO WORLD  &lt;") +
                 "<w:proofErr w:type=\"spellStart\"/>" + run("", "<w:lang w:val=\"en\"/>") + run("") +
                 run("BOLD  &lt;", "<w:b/>") + run("", "<w:b/>") + run("R&amp;D &lt;") + "</w:p>"));
  EXPECT_EQ(new_entries.at("word/header1.xml"),
            part("<w:p><w:r><w:t xml:space=\"preserve\">TOP &lt;</w:t></w:r></w:p>"));
  for (const char* entry : {"word/document.xml", "word/header1.xml"}) {
    old_entries.erase(entry);
    new_entries.erase(entry);
  }
  EXPECT_EQ(old_entries, new_entries);
}

TEST(Docx, WhatPartsTexts) {
  const auto segments = [](const std::string& body) {
    Strings out;
    const std::string xml = part(body);
    const Layout layout = split_wordprocessing(xml, "test");
    for (const Segment& segment : layout.segments) out.push_back(shown(segment.pieces));
    return out;
  };
  EXPECT_EQ(segments("<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t></w:r></w:p><w:p/><w:p>" + run("c") + "</w:p>"),
            (Strings{"a<1>b", "c"}));
  EXPECT_EQ(segments("<w:p>" + run("see ") + "<w:hyperlink w:anchor=\"x\">" + run("this") + "</w:hyperlink>" +
                     run(" page") + "</w:p>"),
            (Strings{"see <1>this<2> page"}));
  EXPECT_EQ(segments("<w:p>" + run("out ") + "<w:r><w:txbxContent><w:p>" + run("in") + "</w:p></w:txbxContent></w:r>" +
                     run("side") + "</w:p>"),
            (Strings{"out", "in", "side"}));
  EXPECT_EQ(segments("<w:p><w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:delText>gone</w:delText></w:r><w:r><w:t/"
                     "></w:r></w:p>"),
            Strings{});
}

TEST(Docx, DamagedFilesAreRefused) {
  const std::string good = docx_of(kParagraph);
  EXPECT_THROW(split(Format::Docx, "", "test"), FormatError);
  EXPECT_THROW(split(Format::Docx, "no archive", "test"), FormatError);
  EXPECT_THROW(split(Format::Docx, good.substr(0, good.size() / 2), "test"), FormatError);
  EXPECT_THROW(split(Format::Docx, zip_of({{"a.txt", "a"}}), "test"), FormatError);
  for (const std::string& xml :
       Strings{"<w:p>", "", part("<w:p>"), "<!DOCTYPE x><x/>", "<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>",
               "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>"})
    EXPECT_THROW(split(Format::Docx, zip_of({{"word/document.xml", xml}}), "test"), FormatError) << xml;
}

TEST(Docx, ElementsInsideTextsAreRefused) {
  for (const std::string& inside : Strings{"<w:p>", "<w:p/>", "<w:t>b</w:t>", "<w:t/>", "<w:r><w:t>b</w:t></w:r>",
                                           "<w:p><w:r><w:t>b</w:t></w:r></w:p>", "<x/>"}) {
    const std::string end = inside == "<w:p>" ? "</w:p>" : "";
    const std::string xml = part("<w:p><w:r><w:t>a" + inside + "c" + end + "</w:t></w:r></w:p>");
    EXPECT_THROW(split_wordprocessing(xml, "test"), FormatError) << xml;
  }
}

TEST(Docx, FlippedBytesAreRefusedOrRead) {
  const std::string good = docx_of(kParagraph);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bytes = good;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x55);
    try {
      const auto document = split(Format::Docx, bytes, "test");
      (void)document->join(capitals(*document));
    } catch (const FormatError&) {
    } catch (const ResourceError&) {
    }
  }
}

}  // namespace
}  // namespace facet::documents
#endif
