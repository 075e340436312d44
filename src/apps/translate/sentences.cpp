#include "apps/translate/sentences.h"

#include <algorithm>

namespace facet::apps {
namespace {

bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// How good a place before byte i is to cut: after a sentence, after a word, between characters, none.
enum class Cut { None, Character, Word, Sentence };

Cut cut_at(std::string_view text, size_t i) {
  if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) return Cut::None;
  const std::string_view before = text.substr(0, i);
  for (const std::string_view end : {"。", "！", "？"})  // of Chinese and Japanese: no space follows
    if (before.ends_with(end)) return Cut::Sentence;
  if (is_space(text[i]) || !is_space(text[i - 1])) return Cut::Character;
  const size_t last = before.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos) return Cut::Word;
  const bool is_paragraph = before.substr(last).find('\n') != std::string_view::npos;
  return is_paragraph || std::string_view(".!?").find(text[last]) != std::string_view::npos ? Cut::Sentence : Cut::Word;
}

// The last of the best places in (begin + n / 2, begin + n], or the only ones before.
size_t best_cut(std::string_view text, size_t begin, size_t n) {
  size_t best = begin + n;
  Cut best_kind = Cut::None;
  for (size_t i = begin + n; i > begin; --i) {
    const Cut kind = cut_at(text, i);
    if (kind > best_kind) best = i, best_kind = kind;
    if (best_kind == Cut::Sentence || (i <= begin + n / 2 && best_kind != Cut::None)) break;
  }
  return best;
}

}  // namespace

std::vector<std::string> cut_sentences(std::string_view text, int limit,
                                       const std::function<int(std::string_view)>& size) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < text.size();) {
    const std::string_view rest = text.substr(begin);
    size_t n = rest.size();
    for (int whole = size(rest); whole > limit && n > 1; whole = size(rest.substr(0, n)))
      n = std::max<size_t>(1, std::min(n - 1, static_cast<size_t>(static_cast<double>(n) * limit / whole)));
    const size_t end = n == rest.size() ? text.size() : best_cut(text, begin, n);
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end;
  }
  return parts;
}

}  // namespace facet::apps
