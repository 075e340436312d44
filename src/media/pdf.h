// Pages of PDF documents as pictures. The libraries that draw PDF are under licences that would bind all of facet, so a
// program that has one draws the pages, if it is there: pdftoppm of poppler, or mutool of MuPDF. It runs without a
// shell and within limits of time, memory and output.
#pragma once

#include <chrono>
#include <string>

#include "media/image.h"

namespace facet::media {

struct PdfOptions {
  int long_side = 2400;  // pixels of a page's longer side, whatever its size on paper
  std::chrono::milliseconds time_per_page{60'000};
};

class PdfDocument {
 public:
  // Throws FormatError when the file is no PDF document that the program can read (damaged, protected by a password),
  // ResourceError when there is no program, naming the packages that have one.
  explicit PdfDocument(std::string path, const PdfOptions& options = {});

  int n_pages() const noexcept { return n_pages_; }
  // From 1 on. Throws FormatError naming file and page, RequestError where there is no such page.
  Image page(int number) const;

 private:
  enum class Tool { Poppler, MuPdf };

  std::string path_;
  PdfOptions options_;
  Tool tool_ = Tool::Poppler;
  int n_pages_ = 0;
};

}  // namespace facet::media
