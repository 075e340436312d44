#include "media/pdf.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/error.h"
#include "base/subprocess.h"

namespace facet::media {
namespace {

namespace fs = std::filesystem;

// A document of pages that are 72 points wide and 144 high, page n with n black squares of 18 points from its top left
// corner down. info: the entries that tell its title and the like.
std::string pdf_file(int n_pages, const std::string& info = "") {
  std::vector<std::string> objects = {"<</Type/Catalog/Pages 2 0 R>>", ""};
  std::string kids;
  for (int n = 1; n <= n_pages; ++n) {
    std::string drawing;
    for (int i = 0; i < n; ++i) drawing += "0 " + std::to_string(126 - 36 * i) + " 18 18 re f\n";
    kids += std::to_string(objects.size() + 1) + " 0 R ";
    objects.push_back("<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 144]/Contents " + std::to_string(objects.size() + 2) +
                      " 0 R>>");
    objects.push_back("<</Length " + std::to_string(drawing.size()) + ">>stream\n" + drawing + "endstream");
  }
  objects[1] = "<</Type/Pages/Count " + std::to_string(n_pages) + "/Kids[" + kids + "]>>";
  std::string file = "%PDF-1.4\n", table = "0000000000 65535 f \n";
  for (size_t i = 0; i < objects.size(); ++i) {
    std::string at = std::to_string(file.size());
    table += std::string(10 - at.size(), '0') + at + " 00000 n \n";
    file += std::to_string(i + 1) + " 0 obj" + objects[i] + "endobj\n";
  }
  const std::string n = std::to_string(objects.size() + 1);
  return file + "xref\n0 " + n + "\n" + table + "trailer<</Size " + n + "/Root 1 0 R/Info<<" + info +
         ">>>>\nstartxref\n" + std::to_string(file.size()) + "\n%%EOF\n";
}

class Pdf : public testing::Test {
 protected:
  void SetUp() override {
    path_ = fs::path(testing::TempDir()) / "facet_pdf_test";
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  void TearDown() override { fs::remove_all(path_); }

  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return (path_ / name).string();
  }
  template <class Work>
  static std::string refusal(Work&& work) {
    try {
      work();
    } catch (const Error& e) {
      return e.what();
    }
    ADD_FAILURE() << "nothing was refused";
    return "";
  }

  fs::path path_;
};

#define SKIP_WITHOUT_POPPLER() \
  if (!run_program({"pdftoppm", "-v"})) GTEST_SKIP() << "needs pdftoppm (package poppler-utils)"

bool is_black(const Image& image, int x, int y) {
  return image.rgb[3 * (static_cast<size_t>(y) * static_cast<size_t>(image.width) + static_cast<size_t>(x))] < 64;
}

void expect_squares(const Image& image, int n) {
  ASSERT_EQ(image.height, 480);
  ASSERT_EQ(image.width, 240);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(is_black(image, 30, 30 + 120 * i), i < n) << "square " << i;
    EXPECT_FALSE(is_black(image, 30, 90 + 120 * i)) << "below square " << i;
  }
}

TEST_F(Pdf, PagesAreDrawn) {
  SKIP_WITHOUT_POPPLER();
  const PdfDocument document(write("a.pdf", pdf_file(3)), {.long_side = 480});
  ASSERT_EQ(document.n_pages(), 3);
  for (const int n : {1, 3, 2}) expect_squares(document.page(n), n);
}

// Titles and authors are told before the number of pages, and may look like it.
TEST_F(Pdf, PagesAreCountedWhateverTheTitleSays) {
  SKIP_WITHOUT_POPPLER();
  const std::string info = "/Title(Yellow Pages: 2020)/Author(Pages: 7)/Subject(a\\nPages: 8)";
  EXPECT_EQ(PdfDocument(write("a.pdf", pdf_file(3, info))).n_pages(), 3);
}

// The same with a program that says nothing else, so that it is tested without poppler too.
TEST_F(Pdf, TheNumberOfPagesBeginsALine) {
  const std::string path = write("a.pdf", pdf_file(1));
  const std::string before = std::getenv("PATH");
  setenv("PATH", (path_.string() + ":" + before).c_str(), 1);
  const auto pages_told = [&](const std::string& told) {
    write("pdfinfo", "#!/bin/sh\ncat <<'END'\n" + told + "\nEND\n");
    fs::permissions(path_ / "pdfinfo", fs::perms::owner_all);
    return PdfDocument(path).n_pages();
  };
  EXPECT_EQ(pages_told("Title:          Yellow Pages: 2020\nAuthor:         Pages: 7\nPages:          4\nTagged: no"),
            4);
  EXPECT_EQ(pages_told("Pages:          5"), 5);
  EXPECT_EQ(pages_told("Title:          of two lines\nPages: 7\nPages:          6"), 6);
  EXPECT_NE(refusal([&] { pages_told("Title:          Pages: 3"); }).find("without pages"), std::string::npos);
  setenv("PATH", before.c_str(), 1);
}

// Neither a flag nor a command.
TEST_F(Pdf, NamesMeanNothing) {
  SKIP_WITHOUT_POPPLER();
  const fs::path before = fs::current_path();
  const std::string name = "-png $(touch x);'.pdf";
  write(name, pdf_file(1));
  fs::current_path(path_);
  EXPECT_EQ(PdfDocument(name).n_pages(), 1);
  expect_squares(PdfDocument(name, {.long_side = 480}).page(1), 1);
  EXPECT_FALSE(fs::exists("x"));
  fs::current_path(before);
}

TEST_F(Pdf, APageThatIsNotThereIsRefused) {
  SKIP_WITHOUT_POPPLER();
  const PdfDocument document(write("a.pdf", pdf_file(1)));
  const std::string line = refusal([&] { document.page(2); });
  EXPECT_NE(line.find("a.pdf, page 2: "), std::string::npos) << line;
}

TEST_F(Pdf, DamagedFilesAreNamed) {
  SKIP_WITHOUT_POPPLER();
  const std::string whole = pdf_file(2);
  for (const std::string& bad :
       {whole.substr(0, 9), std::string("%PDF-1.7\ngarbage"), "%PDF-" + std::string(100000, '<')}) {
    const std::string line = refusal([&] { PdfDocument(write("bad.pdf", bad)); });
    EXPECT_NE(line.find("bad.pdf: "), std::string::npos) << line;
  }
  EXPECT_NE(refusal([&] { PdfDocument(write("x.pdf", "\x89PNG\r\n\x1a\n")); }).find("PNG, expected a PDF"),
            std::string::npos);
  EXPECT_NE(refusal([&] { PdfDocument(write("x.pdf", "")); }).find("empty"), std::string::npos);
  EXPECT_NE(refusal([&] { PdfDocument((path_ / "none.pdf").string()); }).find("none.pdf"), std::string::npos);
}

// A page of 200 m x 400 m takes no more than any other.
TEST_F(Pdf, PaperIsAsLargeAsItSays) {
  SKIP_WITHOUT_POPPLER();
  std::string file = pdf_file(1);
  file.replace(file.find("72 144]"), 7, "9e5 2e6]");  // the table of objects is off by one, which readers repair
  const PdfDocument document(write("a.pdf", file), {.long_side = 480});
  const Image image = document.page(1);
  EXPECT_LE(image.height, 480);
  EXPECT_LE(image.width, 480);
}

TEST_F(Pdf, WithoutAProgramThePackageIsNamed) {
  const std::string path = write("a.pdf", pdf_file(1));
  const std::string before = std::getenv("PATH");
  setenv("PATH", path_.c_str(), 1);
  const std::string line = refusal([&] { PdfDocument{path}; });
  setenv("PATH", before.c_str(), 1);
  EXPECT_NE(line.find("poppler-utils"), std::string::npos) << line;
}

TEST_F(Pdf, SlowPagesAreGivenUp) {
  const std::string path = write("a.pdf", pdf_file(1));
  const auto script = [&](const std::string& name, const std::string& text) {
    write(name, "#!/bin/sh\n" + text + "\n");
    fs::permissions(path_ / name, fs::perms::owner_all);
  };
  script("pdfinfo", "echo 'Pages:          4'");
  script("pdftoppm", "exec sleep 60");
  const std::string before = std::getenv("PATH");
  setenv("PATH", (path_.string() + ":" + before).c_str(), 1);
  const PdfDocument document(path, {.time_per_page = std::chrono::milliseconds(500)});
  EXPECT_EQ(document.n_pages(), 4);
  EXPECT_NE(refusal([&] { document.page(1); }).find("took too long"), std::string::npos);
  script("pdftoppm", "echo no picture");
  EXPECT_NE(refusal([&] { document.page(1); }).find("a.pdf, page 1: "), std::string::npos);
  script("pdftoppm", "echo broken font >&2; exit 1");
  EXPECT_NE(refusal([&] { document.page(1); }).find("cannot read it: broken font"), std::string::npos);
  setenv("PATH", before.c_str(), 1);
}

}  // namespace
}  // namespace facet::media
