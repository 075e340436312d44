#include "constraint/regex/characters.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

namespace facet::constraint {
namespace {

constexpr char32_t kLastCodePoint = 0x10FFFF;
constexpr CodePoints kSurrogates = {0xD800, 0xDFFF};
constexpr size_t kBlock = 64;  // code points that differ in UTF-8's last byte only

struct ShortEscape {
  char letter, meaning;
};
constexpr ShortEscape kControlEscapes[] = {{'b', '\b'}, {'f', '\f'}, {'n', '\n'}, {'r', '\r'}, {'t', '\t'}};

ByteSet byte_range(int first, int last) {
  ByteSet set;
  for (int b = first; b <= last; ++b) set.set(static_cast<size_t>(b));
  return set;
}

ByteSet bytes_among(std::string_view bytes) {
  ByteSet set;
  for (const char c : bytes) set.set(static_cast<uint8_t>(c));
  return set;
}

const ByteSet kHexDigits = bytes_among("0123456789abcdefABCDEF");

RegexId hex_digit(Regexes& regexes, unsigned value) {
  ByteSet set;
  set.set(static_cast<uint8_t>("0123456789abcdef"[value])).set(static_cast<uint8_t>("0123456789ABCDEF"[value]));
  return regexes.bytes(set);
}

// UTF-8's tree, from its leaves: what follows each byte, for the bytes after which something may follow.
class Utf8Tree {
 public:
  Utf8Tree(Regexes& regexes, const CharacterSet& set) : regexes_(regexes), blocks_((kLastCodePoint + 1) / kBlock) {
    for (const CodePoints& range : set)
      for (char32_t c = range.first; c <= range.last; c = (c / kBlock + 1) * kBlock) fill_block(c, range.last);
  }

  RegexId root() {
    std::map<RegexId, ByteSet> leads;
    ByteSet ascii;
    for (size_t c = 0; c < 0x80; ++c) ascii[c] = blocks_[c / kBlock] >> c % kBlock & 1;
    leads[Regexes::kEmpty] = ascii;
    for (size_t block = 2; block < 32; ++block) leads[last_byte(block)].set(0xC0 + block);
    for (size_t lead = 0; lead < 16; ++lead) leads[third_last_byte(lead, lead == 0 ? 32 : 0)].set(0xE0 + lead);
    for (size_t lead = 0; lead < 5; ++lead) leads[fourth_last_byte(lead)].set(0xF0 + lead);
    return one_of(leads);
  }

 private:
  void fill_block(char32_t first, char32_t last) {
    const char32_t end = std::min<char32_t>(last, first | (kBlock - 1));
    const uint64_t up_to_end = ~uint64_t{0} >> (kBlock - 1 - end % kBlock);
    blocks_[first / kBlock] |= up_to_end & ~uint64_t{0} << first % kBlock;
  }

  RegexId last_byte(size_t block) {
    ByteSet set;
    for (size_t i = 0; i < kBlock; ++i) set[0x80 + i] = blocks_[block] >> i & 1;
    return regexes_.bytes(set);
  }
  RegexId third_last_byte(size_t group, size_t from) {
    if (from == 0)  // most groups are of one kind
      if (const uint64_t kind = blocks_[group * 64]; is_uniform(group) && (kind == 0 || ~kind == 0))
        return kind == 0 ? Regexes::kNothing : regexes_.concat(continuation_, continuation_);
    std::map<RegexId, ByteSet> next;
    for (size_t i = from; i < 64; ++i) next[last_byte(group * 64 + i)].set(0x80 + i);
    return one_of(next);
  }
  bool is_uniform(size_t group) const {
    const uint64_t* first = &blocks_[group * 64];
    return std::all_of(first, first + 64, [&](uint64_t block) { return block == *first; });
  }
  RegexId fourth_last_byte(size_t group) {
    std::map<RegexId, ByteSet> next;
    for (size_t i = group == 0 ? 16 : 0; i < (group == 4 ? 16 : 64); ++i)
      next[third_last_byte(group * 64 + i, 0)].set(0x80 + i);
    return one_of(next);
  }

  // A byte, then what follows it.
  RegexId one_of(const std::map<RegexId, ByteSet>& branches) {
    std::vector<RegexId> parts;
    for (const auto& [rest, first] : branches) parts.push_back(regexes_.concat(regexes_.bytes(first), rest));
    return regexes_.either(parts);
  }

  Regexes& regexes_;
  const RegexId continuation_ = regexes_.bytes(byte_range(0x80, 0xBF));
  std::vector<uint64_t> blocks_;  // one bit a code point
};

bool holds(const CharacterSet& set, char32_t c) {
  return std::any_of(set.begin(), set.end(), [&](const CodePoints& r) { return r.first <= c && c <= r.last; });
}

CharacterSet without(const CharacterSet& set, const CharacterSet& removed) {
  CharacterSet others = complement(set);
  others.insert(others.end(), removed.begin(), removed.end());
  return complement(normalized(std::move(others)));
}

RegexId utf8_character(Regexes& regexes, const CharacterSet& set) {
  if (!set.empty() && set.back().last >= 0x80) return Utf8Tree(regexes, without(set, {kSurrogates})).root();
  ByteSet ascii;
  for (const CodePoints& range : set) ascii |= byte_range(static_cast<int>(range.first), static_cast<int>(range.last));
  return regexes.bytes(ascii);
}

// \n and \u000a
RegexId control_escape(Regexes& regexes, char32_t c) {
  std::vector<RegexId> parts = {
      regexes.concat(std::array{regexes.literal("u00"), hex_digit(regexes, static_cast<unsigned>(c) / 16),
                                hex_digit(regexes, static_cast<unsigned>(c) % 16)})};
  for (const ShortEscape& escape : kControlEscapes)
    if (static_cast<char32_t>(escape.meaning) == c) parts.push_back(regexes.literal({&escape.letter, 1}));
  return regexes.either(parts);
}

RegexId json_character(Regexes& regexes, const CharacterSet& set) {
  std::vector<RegexId> escaped;
  for (const char c : {'"', '\\'})
    if (holds(set, static_cast<char32_t>(c))) escaped.push_back(regexes.literal({&c, 1}));
  for (char32_t c = 0; c < 0x20; ++c)
    if (holds(set, c)) escaped.push_back(control_escape(regexes, c));
  const CharacterSet plain = without(set, {{0, 0x1F}, {'"', '"'}, {'\\', '\\'}});
  return regexes.either(utf8_character(regexes, plain), regexes.concat(regexes.literal("\\"), regexes.either(escaped)));
}

// \uXXXX: one of the basic plane, or a pair of surrogates.
RegexId json_code_units(Regexes& regexes) {
  const RegexId hex = regexes.bytes(kHexDigits), d = regexes.bytes(bytes_among("dD"));
  const auto unit = [&](RegexId first, RegexId second) {
    return regexes.concat(std::array{regexes.literal("u"), first, second, hex, hex});
  };
  const RegexId not_d = regexes.bytes(kHexDigits & ~bytes_among("dD"));
  const RegexId high = unit(d, regexes.bytes(bytes_among("89abAB"))),
                low = unit(d, regexes.bytes(bytes_among("cdefCDEF")));
  return regexes.either(std::array{unit(not_d, hex), unit(d, regexes.bytes(byte_range('0', '7'))),
                                   regexes.concat(std::array{high, regexes.literal("\\"), low})});
}

}  // namespace

CharacterSet normalized(CharacterSet set) {
  std::erase_if(set, [](const CodePoints& r) { return r.first > r.last; });
  std::sort(set.begin(), set.end(), [](const CodePoints& a, const CodePoints& b) { return a.first < b.first; });
  CharacterSet out;
  for (const CodePoints& range : set)
    if (!out.empty() && range.first <= out.back().last + 1)
      out.back().last = std::max(out.back().last, range.last);
    else
      out.push_back(range);
  return out;
}

CharacterSet complement(const CharacterSet& set) {
  CharacterSet taken = set;
  taken.push_back(kSurrogates);
  CharacterSet out;
  char32_t next = 0;
  for (const CodePoints& range : normalized(std::move(taken))) {
    if (range.first > next) out.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kLastCodePoint) out.push_back({next, kLastCodePoint});
  return out;
}

RegexId character(Regexes& regexes, const CharacterSet& set, Writing writing) {
  if (writing == Writing::Json) return json_character(regexes, set);
  return utf8_character(regexes, set);
}

RegexId text(Regexes& regexes, std::string_view utf8, Writing writing) {
  if (writing == Writing::Plain) return regexes.literal(utf8);
  std::vector<RegexId> parts;
  std::string run;
  for (const char c : utf8) {
    if (static_cast<unsigned char>(c) >= 0x20) {
      if (c == '"' || c == '\\') run += '\\';
      run += c;
      continue;
    }
    parts.push_back(regexes.literal(run += '\\'));
    parts.push_back(control_escape(regexes, static_cast<char32_t>(c)));
    run.clear();
  }
  parts.push_back(regexes.literal(run));
  return regexes.concat(parts);
}

RegexId any_text(Regexes& regexes, Writing writing, int min, int max) {
  return regexes.repeat(character(regexes, complement({}), writing), min, max);
}

RegexId any_json_text(Regexes& regexes, int min, int max) {
  const RegexId short_escape = regexes.bytes(bytes_among("\"\\/bfnrt"));
  const CharacterSet plain = without(complement({}), {{0, 0x1F}, {'"', '"'}, {'\\', '\\'}});
  const RegexId escape = regexes.concat(regexes.literal("\\"), regexes.either(short_escape, json_code_units(regexes)));
  return regexes.repeat(regexes.either(character(regexes, plain, Writing::Plain), escape), min, max);
}

}  // namespace facet::constraint
