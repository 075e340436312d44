// Where lines are broken: only at spaces, so a script that has none is left on one line.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace facet::documents {

// A space in a text: its byte, and the characters before it that a reader sees.
struct Space {
  size_t position = 0, column = 0;
};

// The spaces to break at, in order; `spaces` stand in a text of n_columns.
std::vector<Space> spaces_to_fill(const std::vector<Space>& spaces, size_t n_columns, size_t width);
std::vector<Space> spaces_to_share(const std::vector<Space>& spaces, size_t n_columns, size_t n_lines);

// Each of these spaces becomes `newline`.
void break_lines(std::string& text, const std::vector<Space>& spaces, const std::string& newline);

}  // namespace facet::documents
