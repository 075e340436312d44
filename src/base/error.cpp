#include "base/error.h"

namespace facet {
namespace {

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// U+0080 to U+009F are control characters of two bytes; some terminals obey them.
bool is_c1_control(std::string_view text, size_t at) {
  return text[at] == '\xc2' && at + 1 < text.size() && continues_character(text[at + 1]) &&
         static_cast<unsigned char>(text[at + 1]) < 0xa0;
}

void append_escaped(std::string& out, char c) {
  if (c == '\n')
    out += "\\n";
  else if (c == '\t')
    out += "\\t";
  else
    out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
}

}  // namespace

std::string printable(std::string_view text, size_t max_bytes) {
  const bool cut = text.size() > max_bytes;
  if (cut) {
    while (max_bytes > 0 && continues_character(text[max_bytes])) --max_bytes;
    text = text.substr(0, max_bytes);
  }
  std::string out;
  out.reserve(text.size() + 3);
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (is_c1_control(text, i)) {
      append_escaped(out, text[i++]);
      append_escaped(out, text[i]);
    } else if (c < 0x20 || c == 0x7f) {
      append_escaped(out, text[i]);
    } else {
      out += text[i];
    }
  }
  return cut ? out + "..." : out;
}

}  // namespace facet
