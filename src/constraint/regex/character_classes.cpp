#include "constraint/regex/character_classes.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace facet::constraint {
namespace {

constexpr char32_t kEndOfCodePoints = 0x110000;
constexpr char32_t kLastCased = 0x1E943;

struct CategoryName {
  std::string_view brief, full;
};
// By utf8proc's numbers.
constexpr CategoryName kCategories[] = {
    {"Cn", "Unassigned"},
    {"Lu", "Uppercase_Letter"},
    {"Ll", "Lowercase_Letter"},
    {"Lt", "Titlecase_Letter"},
    {"Lm", "Modifier_Letter"},
    {"Lo", "Other_Letter"},
    {"Mn", "Nonspacing_Mark"},
    {"Mc", "Spacing_Mark"},
    {"Me", "Enclosing_Mark"},
    {"Nd", "Decimal_Number"},
    {"Nl", "Letter_Number"},
    {"No", "Other_Number"},
    {"Pc", "Connector_Punctuation"},
    {"Pd", "Dash_Punctuation"},
    {"Ps", "Open_Punctuation"},
    {"Pe", "Close_Punctuation"},
    {"Pi", "Initial_Punctuation"},
    {"Pf", "Final_Punctuation"},
    {"Po", "Other_Punctuation"},
    {"Sm", "Math_Symbol"},
    {"Sc", "Currency_Symbol"},
    {"Sk", "Modifier_Symbol"},
    {"So", "Other_Symbol"},
    {"Zs", "Space_Separator"},
    {"Zl", "Line_Separator"},
    {"Zp", "Paragraph_Separator"},
    {"Cc", "Control"},
    {"Cf", "Format"},
    {"Cs", "Surrogate"},
    {"Co", "Private_Use"},
};
constexpr CategoryName kCategoryGroups[] = {
    {"L", "Letter"}, {"M", "Mark"},      {"N", "Number"}, {"P", "Punctuation"},
    {"S", "Symbol"}, {"Z", "Separator"}, {"C", "Other"},
};

// The categories of that name, one bit each.
uint32_t categories_named(std::string_view name) {
  if (name == "LC" || name == "L&" || name == "Cased_Letter")
    return 1u << UTF8PROC_CATEGORY_LU | 1u << UTF8PROC_CATEGORY_LL | 1u << UTF8PROC_CATEGORY_LT;
  for (const CategoryName& group : kCategoryGroups)
    if (name == group.full) name = group.brief;
  uint32_t found = 0;
  for (size_t i = 0; i < std::size(kCategories); ++i) {
    const CategoryName& c = kCategories[i];
    if (name == c.full || name == c.brief || (name.size() == 1 && c.brief.starts_with(name))) found |= 1u << i;
  }
  return found;
}

using CategorySets = std::array<CharacterSet, std::size(kCategories)>;

CategorySets make_category_sets() {
  CategorySets out;
  for (char32_t c = 0; c < kEndOfCodePoints; ++c) {
    CharacterSet& set = out[static_cast<size_t>(utf8proc_category(static_cast<utf8proc_int32_t>(c)))];
    if (!set.empty() && set.back().last + 1 == c)
      set.back().last = c;
    else
      set.push_back({c, c});
  }
  return out;
}

CharacterSet of_categories(uint32_t categories) {
  static const CategorySets sets = make_category_sets();
  CharacterSet out;
  for (size_t i = 0; i < sets.size(); ++i)
    if (categories >> i & 1) out.insert(out.end(), sets[i].begin(), sets[i].end());
  return normalized(std::move(out));
}

}  // namespace

CharacterSet digit_class() { return {{'0', '9'}}; }
CharacterSet word_class() { return {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}; }
CharacterSet space_class() {
  return {{'\t', '\r'},     {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
          {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
}
CharacterSet line_terminator_class() { return {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}; }

std::optional<CharacterSet> property_class(std::string_view name) {
  if (name == "Any") return complement({});
  if (name == "ASCII") return CharacterSet{{0, 0x7F}};
  if (name == "Assigned") return complement(of_categories(1u << UTF8PROC_CATEGORY_CN));
  for (const std::string_view prefix : {"gc=", "General_Category="})
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  const uint32_t categories = categories_named(name);
  if (categories == 0) return {};
  return of_categories(categories);
}

CharacterSet without_case(const CharacterSet& set) {
  CharacterSet out = set;
  const auto add = [&](utf8proc_int32_t c) { out.push_back({static_cast<char32_t>(c), static_cast<char32_t>(c)}); };
  for (const CodePoints& range : set)
    for (char32_t c = range.first; c <= std::min(range.last, kLastCased); ++c) {
      const auto code = static_cast<utf8proc_int32_t>(c);
      const utf8proc_int32_t lower = utf8proc_tolower(code), upper = utf8proc_toupper(code);
      if (lower != code) add(lower);
      if (upper != code) add(upper);
    }
  return normalized(std::move(out));
}

}  // namespace facet::constraint
