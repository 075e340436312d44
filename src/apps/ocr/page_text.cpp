#include "apps/ocr/page_text.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace facet::apps {
namespace {

constexpr std::string_view kNoTable = "NONE";

std::string_view trimmed_lines(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  const size_t line = text.rfind('\n', begin);  // what a first line is indented by stays
  return text.substr(line == text.npos ? 0 : line + 1);
}

// ```csv, what is fenced, ```
std::string_view without_fence(std::string_view text) {
  constexpr std::string_view kFence = "```";
  const size_t first_end = text.find('\n');
  if (!text.starts_with(kFence) || !text.ends_with(kFence) || first_end == text.npos) return text;
  const std::string_view inside = text.substr(first_end + 1, text.size() - first_end - 1 - kFence.size());
  if (text.size() < first_end + 1 + kFence.size() || inside.find(kFence) != inside.npos) return text;
  return trimmed_lines(inside);
}

// "7"; nothing else.
int page_number(std::string_view text, std::string_view all) {
  int n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || n < 1)
    throw_error<RequestError>("--pages {}: expected numbers from 1 on and ranges of them, as in 1-3,5", all);
  return n;
}

}  // namespace

OcrFormat ocr_format(std::string_view name) {
  if (name == "text") return OcrFormat::Text;
  if (name == "md") return OcrFormat::Markdown;
  if (name == "csv") return OcrFormat::Csv;
  if (name == "json") return OcrFormat::Json;
  throw_error<RequestError>("--format {}: expected text, md, csv or json", name);
}

std::string ocr_instructions(OcrFormat format, const std::string& language) {
  std::string text = "You are shown pages, each whole or whole and then in parts that overlap. ";
  if (format == OcrFormat::Csv)
    text +=
        "Write down the tables of a page as CSV: a line for each row, cells separated by commas, cells that hold a "
        "comma, "
        "a quote or a line break in double quotes, an empty line between tables. Leave out all other text. Where a "
        "page "
        "has no table, answer NONE.";
  else
    text +=
        "Write down all text of a page exactly as it stands there, in reading order, once. Do not describe, translate "
        "or "
        "comment on it.";
  if (format == OcrFormat::Markdown)
    text += " Write Markdown: headings, lists and emphasis as they look, tables as Markdown tables.";
  if (format == OcrFormat::Text || format == OcrFormat::Json) text += " Write plain text, without any mark-up.";
  if (!language.empty()) text += " The language of the pages: " + language + ".";
  return text;
}

std::string clean_page(std::string_view answer, OcrFormat format) {
  const std::string_view text = without_fence(trimmed_lines(answer));
  return std::string(format == OcrFormat::Csv && text == kNoTable ? "" : text);
}

std::vector<int> parse_pages(std::string_view text, int n_pages, const std::string& name) {
  std::vector<int> pages;
  const std::string_view all = text;
  const auto add = [&](int first, int last) {
    if (first > last) throw_error<RequestError>("--pages {}: {} is after {}", all, first, last);
    if (last > n_pages) throw_error<RequestError>("{}: page {} of {} was asked for", name, last, n_pages);
    for (int n = first; n <= last; ++n) pages.push_back(n);
  };
  if (text.empty()) add(1, n_pages);
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    const size_t dash = part.find('-');
    const int first = page_number(part.substr(0, dash), all);
    const std::string_view last = dash == part.npos ? std::string_view() : part.substr(dash + 1);
    if (dash != part.npos && last.empty())
      add(first, std::max(first, n_pages));
    else
      add(first, dash == part.npos ? first : page_number(last, all));
    if (comma == text.npos) break;
    text = text.substr(comma + 1);
    if (text.empty()) page_number(text, all);  // a comma in the end
  }
  return pages;
}

std::string_view page_separator(OcrFormat format) {
  switch (format) {
    case OcrFormat::Text:
      return "\f";
    case OcrFormat::Markdown:
      return "\n---\n\n";
    case OcrFormat::Csv:
      return "\n";
    case OcrFormat::Json:
      break;
  }
  return "";
}

}  // namespace facet::apps
