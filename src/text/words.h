// Words of text in any script, for what cuts texts and puts them together: runs without white space, and each character
// by itself in scripts that write none (Chinese, Japanese, Thai, Lao, Khmer, Burmese).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace facet::text {

// Views into `text`, which is valid UTF-8.
std::vector<std::string_view> words(std::string_view text);

// a, then b, with a space between them where their script has one; either may be empty.
std::string join_texts(std::string_view a, std::string_view b);

// What two clips of one recording say, when the second begins in the last moments of the first: words that both say are
// left in `before` alone, and so is half a word where one clip begins or ends inside it. Nothing changes where they
// share no words.
void remove_overlap(std::string& before, std::string& after);

}  // namespace facet::text
