#include "documents/lines.h"

namespace facet::documents {

std::vector<Range> lines_of(std::string_view source) {
  std::vector<Range> lines;
  for (size_t begin = 0; begin < source.size();) {
    const size_t newline = std::min(source.find('\n', begin), source.size());
    const bool has_return = newline > begin && newline < source.size() && source[newline - 1] == '\r';
    lines.push_back({begin, has_return ? newline - 1 : newline});
    begin = newline + 1;
  }
  return lines;
}

size_t n_columns(std::string_view text) noexcept {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace facet::documents
