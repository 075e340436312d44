#include "documents/line_breaks.h"

namespace facet::documents {

std::vector<Space> spaces_to_fill(const std::vector<Space>& spaces, size_t n_columns, size_t width) {
  std::vector<Space> chosen;
  size_t line = 0;  // column at which it begins
  for (size_t i = 0; i < spaces.size(); ++i) {
    const size_t word_end = i + 1 < spaces.size() ? spaces[i + 1].column : n_columns;
    if (word_end - line <= width) continue;
    chosen.push_back(spaces[i]);
    line = spaces[i].column + 1;
  }
  return chosen;
}

std::vector<Space> spaces_to_share(const std::vector<Space>& spaces, size_t n_columns, size_t n_lines) {
  std::vector<Space> chosen;
  size_t next = 0;
  for (size_t line = 1; line < n_lines && next < spaces.size(); ++line) {
    const size_t wanted = n_columns * line / n_lines;
    const auto distance = [&](size_t i) {
      return spaces[i].column > wanted ? spaces[i].column - wanted : wanted - spaces[i].column;
    };
    while (next + 1 < spaces.size() && distance(next + 1) <= distance(next)) ++next;
    chosen.push_back(spaces[next++]);
  }
  return chosen;
}

void break_lines(std::string& text, const std::vector<Space>& spaces, const std::string& newline) {
  size_t shift = 0;
  for (const Space& space : spaces) {
    text.replace(space.position + shift, 1, newline);
    shift += newline.size() - 1;
  }
}

}  // namespace facet::documents
