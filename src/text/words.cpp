#include "text/words.h"

#include <algorithm>
#include <cctype>

#include "text/utf8.h"

namespace facet::text {
namespace {

constexpr size_t kMostOverlap = 12;  // words; a second of sound has less

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

bool stands_alone(char32_t c) {
  const auto in = [c](char32_t first, char32_t last) { return first <= c && c <= last; };
  return in(0x0e00, 0x0eff) || in(0x1000, 0x109f) || in(0x1780, 0x17ff) || in(0x2e80, 0x30ff) || in(0x3400, 0x9fff) ||
         in(0xf900, 0xfaff) || in(0xff00, 0xff60) || in(0x20000, 0x3ffff);
}

bool is_punctuation(char32_t c) {
  return (c < 0x80 && std::ispunct(static_cast<int>(c)) != 0) || (c >= 0x2010 && c <= 0x2027) ||
         (c >= 0x3001 && c <= 0x3011) || c == 0xff0c || c == 0xff01 || c == 0xff1f || c == 0xab || c == 0xbb;
}

// Where the punctuation at the end of a word begins.
size_t punctuation_begin(std::string_view word) {
  size_t end = word.size();
  while (end > 0) {
    const Character last = last_character(word.substr(0, end));
    if (!is_punctuation(last.code)) break;
    end -= last.n_bytes;
  }
  return end;
}

// Without punctuation around it, in small letters; empty for punctuation alone.
std::string core(std::string_view word) {
  word = word.substr(0, punctuation_begin(word));
  while (!word.empty() && is_punctuation(first_character(word).code)) word.remove_prefix(first_character(word).n_bytes);
  std::string out(word);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

struct Word {
  std::string_view text;
  std::string core;
};

std::vector<Word> spoken_words(std::string_view text) {
  std::vector<Word> out;
  for (const std::string_view word : words(text))
    if (std::string c = core(word); !c.empty()) out.push_back({word, std::move(c)});
  return out;
}

// n words that end before `before_end` and begin at `after_begin` are the same.
struct Match {
  size_t before_end = 0, after_begin = 0, n = 0;
};

size_t common_run(const std::vector<Word>& before, size_t end, const std::vector<Word>& after, size_t begin) {
  size_t best = 0;
  for (size_t n = 1; n <= std::min({end, after.size() - begin, kMostOverlap}); ++n)
    if (std::equal(before.begin() + static_cast<std::ptrdiff_t>(end - n),
                   before.begin() + static_cast<std::ptrdiff_t>(end),
                   after.begin() + static_cast<std::ptrdiff_t>(begin),
                   [](const Word& a, const Word& b) { return a.core == b.core; }))
      best = n;
  return best;
}

// The longest one, where at most a word was cut off at either side of it.
Match find_match(const std::vector<Word>& before, const std::vector<Word>& after) {
  Match best;
  for (size_t cut = 0; cut < 2; ++cut)
    for (size_t begin = 0; begin < 2; ++begin) {
      if (before.size() < cut || after.size() < begin) continue;
      const size_t end = before.size() - cut, n = common_run(before, end, after, begin);
      // One short word beside another is chance.
      const bool is_sure = n > 1 || (n == 1 && (cut + begin == 0 || before[end - 1].core.size() >= 5));
      if (is_sure && n > best.n) best = {end, begin, n};
    }
  return best;
}

}  // namespace

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  size_t begin = 0, i = 0;
  const auto end_word = [&] {
    if (i > begin) out.push_back(text.substr(begin, i - begin));
  };
  while (i < text.size()) {
    const Character c = first_character(text.substr(i));
    const bool is_alone = stands_alone(c.code);
    if (!is_space(text[i]) && !is_alone) {
      i += c.n_bytes;
      continue;
    }
    end_word();
    begin = i;
    i += c.n_bytes;
    if (is_alone) end_word();
    begin = i;
  }
  end_word();
  return out;
}

std::string join_texts(std::string_view a, std::string_view b) {
  std::string out(a);
  const bool needs_space = !a.empty() && !b.empty() && !is_space(a.back()) && !is_space(b.front()) &&
                           !stands_alone(last_character(a).code) && !stands_alone(first_character(b).code);
  if (needs_space) out += ' ';
  out += b;
  return out;
}

void remove_overlap(std::string& before, std::string& after) {
  const std::vector<Word> a = spoken_words(before), b = spoken_words(after);
  const Match match = find_match(a, b);
  if (match.n == 0) return;
  // The last word is as the first clip heard it, with what the second has after it: its sentence went on.
  const std::string_view kept = a[match.before_end - 1].text, heard = b[match.after_begin + match.n - 1].text;
  const auto kept_end = static_cast<size_t>(kept.data() - before.data()) + punctuation_begin(kept);
  const auto rest = static_cast<size_t>(heard.data() - after.data()) + heard.size();
  const std::string punctuation(heard.substr(punctuation_begin(heard)));
  before = before.substr(0, kept_end) + punctuation;
  after.erase(0, std::min(after.find_first_not_of(" \n\t\r", rest), after.size()));
}

}  // namespace facet::text
