#include "media/pdf.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/subprocess.h"
#include "media/file_type.h"
#include "media/source.h"

namespace facet::media {
namespace {

// A name that begins with a dash would be a flag.
std::string as_argument(const std::string& path) { return path.starts_with('-') ? "./" + path : path; }

std::string first_line(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \r\n\t");
  if (begin == text.npos) return "it says nothing";
  return std::string(text.substr(begin, text.find_first_of("\r\n", begin) - begin));
}

ProgramResult checked(ProgramResult result, const std::string& what, const char* program) {
  using End = ProgramResult::End;
  if (result.succeeded()) return result;
  if (result.end == End::OutOfTime) throw_error<FormatError>("{}: {} took too long", what, program);
  if (result.end == End::TooMuchOutput) throw_error<FormatError>("{}: {} made too large a picture", what, program);
  if (result.end == End::Killed) throw_error<FormatError>("{}: {} ended by signal {}", what, program, result.status);
  throw_error<FormatError>("{}: {} cannot read it: {}", what, program, first_line(result.err));
}

// Behind the key at the start of a line, of the last that has it: what a document calls itself stands in lines before,
// and may hold line breaks. npos: there is none.
size_t value_begin(std::string_view text, std::string_view key) {
  size_t found = text.npos;
  for (size_t line = 0; line < text.size();) {
    if (text.substr(line).starts_with(key)) found = line + key.size();
    const size_t end = text.find('\n', line);
    if (end == text.npos) break;
    line = end + 1;
  }
  return found;
}

// The first number at or after `from`.
std::optional<int> number_in(std::string_view text, size_t from) {
  while (from < text.size() && std::isdigit(static_cast<unsigned char>(text[from])) == 0) ++from;
  int n = 0;
  const auto parsed = std::from_chars(text.data() + from, text.data() + text.size(), n);
  return parsed.ec == std::errc() ? std::optional(n) : std::nullopt;
}

int n_pages_in(std::string_view text, std::string_view key, const std::string& path) {
  const size_t begin = value_begin(text, key);
  const auto n = begin == text.npos ? std::nullopt : number_in(text, begin);
  constexpr int kMost = 1'000'000;
  if (!n || *n < 1 || *n > kMost) throw_error<FormatError>("{}: a PDF document without pages", path);
  return *n;
}

}  // namespace

PdfDocument::PdfDocument(std::string path, const PdfOptions& options) : path_(std::move(path)), options_(options) {
  const auto source = Source::from_path(path_);
  if (const auto file = describe_file(source.bytes()); file.name != "a PDF document")
    throw_error<FormatError>("{}: {}, expected a PDF document", path_, file.name);
  const ProgramLimits limits{.time = options.time_per_page, .max_out_bytes = 1 << 20};
  if (auto info = run_program({"pdfinfo", as_argument(path_)}, limits)) {
    n_pages_ = n_pages_in(checked(std::move(*info), path_, "pdfinfo").out, "Pages:", path_);
    return;
  }
  tool_ = Tool::MuPdf;
  auto count = run_program({"mutool", "show", as_argument(path_), "trailer/Root/Pages/Count"}, limits);
  if (!count)
    throw_error<ResourceError>(
        "{}: PDF pages are drawn by pdftoppm (package poppler-utils) or mutool (package mupdf-tools), neither of which "
        "is "
        "in the PATH: install one",
        path_);
  n_pages_ = n_pages_in(checked(std::move(*count), path_, "mutool").out, "", path_);
}

Image PdfDocument::page(int number) const {
  const std::string n = std::to_string(number), side = std::to_string(options_.long_side);
  const std::string name = fmt::format("{}, page {}", path_, number);
  if (number < 1 || number > n_pages_) throw_error<RequestError>("{}: the document has {} pages", name, n_pages_);
  const std::vector<std::string> arguments =
      tool_ == Tool::Poppler
          ? std::vector<std::string>{"pdftoppm", "-png", "-f", n, "-l", n, "-scale-to", side, as_argument(path_)}
          : std::vector<std::string>{"mutool",           "draw", "-q", "-F", "png", "-o", "-", "-w", side, "-h", side,
                                     as_argument(path_), n};
  auto drawn = run_program(arguments, {.time = options_.time_per_page});
  if (!drawn) throw_error<ResourceError>("{}: {} is not in the PATH", name, arguments[0]);
  const ProgramResult result = checked(std::move(*drawn), name, arguments[0].c_str());
  if (result.out.empty())
    throw_error<FormatError>("{}: {} drew nothing: {}", name, arguments[0], first_line(result.err));
  return decode_image(std::as_bytes(std::span(result.out)), name);
}

}  // namespace facet::media
