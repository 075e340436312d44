// What `facet ocr` asks of a model, which pages it is asked for, and what it prints of the answers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace facet::apps {

enum class OcrFormat { Text, Markdown, Csv, Json };
OcrFormat ocr_format(std::string_view name);  // "text", "md", "csv", "json"; RequestError

// What the model is told before the first page. language: as the user names it; empty: whatever it is.
std::string ocr_instructions(OcrFormat format, const std::string& language);

// An answer without what models put around it: white space at its ends, a code fence around all of it, and the word
// that stands for no table in CSV.
std::string clean_page(std::string_view answer, OcrFormat format);

// "1-3,5,8-": numbers from 1 on, in that order. RequestError when it is no such list, or asks for a page that is not
// there; name for messages. An empty text: all pages.
std::vector<int> parse_pages(std::string_view text, int n_pages, const std::string& name);

// What stands between the pages of an output: a form feed, a rule, an empty line.
std::string_view page_separator(OcrFormat format);

}  // namespace facet::apps
