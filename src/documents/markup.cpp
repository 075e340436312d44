#include "documents/markup.h"

#include <algorithm>
#include <iterator>
#include "base/append_utf8.h"

namespace facet::documents {
namespace {

struct NamedReference {
  std::string_view name;
  char32_t code;
};

// The names of HTML 4, which XHTML and EPUB share, and XML's apos. Sorted.
constexpr NamedReference kNamed[] = {
    {"AElig", 198},   {"Aacute", 193},  {"Acirc", 194},    {"Agrave", 192},  {"Alpha", 913},    {"Aring", 197},
    {"Atilde", 195},  {"Auml", 196},    {"Beta", 914},     {"Ccedil", 199},  {"Chi", 935},      {"Dagger", 8225},
    {"Delta", 916},   {"ETH", 208},     {"Eacute", 201},   {"Ecirc", 202},   {"Egrave", 200},   {"Epsilon", 917},
    {"Eta", 919},     {"Euml", 203},    {"Gamma", 915},    {"Iacute", 205},  {"Icirc", 206},    {"Igrave", 204},
    {"Iota", 921},    {"Iuml", 207},    {"Kappa", 922},    {"Lambda", 923},  {"Mu", 924},       {"Ntilde", 209},
    {"Nu", 925},      {"OElig", 338},   {"Oacute", 211},   {"Ocirc", 212},   {"Ograve", 210},   {"Omega", 937},
    {"Omicron", 927}, {"Oslash", 216},  {"Otilde", 213},   {"Ouml", 214},    {"Phi", 934},      {"Pi", 928},
    {"Prime", 8243},  {"Psi", 936},     {"Rho", 929},      {"Scaron", 352},  {"Sigma", 931},    {"THORN", 222},
    {"Tau", 932},     {"Theta", 920},   {"Uacute", 218},   {"Ucirc", 219},   {"Ugrave", 217},   {"Upsilon", 933},
    {"Uuml", 220},    {"Xi", 926},      {"Yacute", 221},   {"Yuml", 376},    {"Zeta", 918},     {"aacute", 225},
    {"acirc", 226},   {"acute", 180},   {"aelig", 230},    {"agrave", 224},  {"alefsym", 8501}, {"alpha", 945},
    {"amp", 38},      {"and", 8743},    {"ang", 8736},     {"apos", 39},     {"aring", 229},    {"asymp", 8776},
    {"atilde", 227},  {"auml", 228},    {"bdquo", 8222},   {"beta", 946},    {"brvbar", 166},   {"bull", 8226},
    {"cap", 8745},    {"ccedil", 231},  {"cedil", 184},    {"cent", 162},    {"chi", 967},      {"circ", 710},
    {"clubs", 9827},  {"cong", 8773},   {"copy", 169},     {"crarr", 8629},  {"cup", 8746},     {"curren", 164},
    {"dArr", 8659},   {"dagger", 8224}, {"darr", 8595},    {"deg", 176},     {"delta", 948},    {"diams", 9830},
    {"divide", 247},  {"eacute", 233},  {"ecirc", 234},    {"egrave", 232},  {"empty", 8709},   {"emsp", 8195},
    {"ensp", 8194},   {"epsilon", 949}, {"equiv", 8801},   {"eta", 951},     {"eth", 240},      {"euml", 235},
    {"euro", 8364},   {"exist", 8707},  {"fnof", 402},     {"forall", 8704}, {"frac12", 189},   {"frac14", 188},
    {"frac34", 190},  {"frasl", 8260},  {"gamma", 947},    {"ge", 8805},     {"gt", 62},        {"hArr", 8660},
    {"harr", 8596},   {"hearts", 9829}, {"hellip", 8230},  {"iacute", 237},  {"icirc", 238},    {"iexcl", 161},
    {"igrave", 236},  {"image", 8465},  {"infin", 8734},   {"int", 8747},    {"iota", 953},     {"iquest", 191},
    {"isin", 8712},   {"iuml", 239},    {"kappa", 954},    {"lArr", 8656},   {"lambda", 955},   {"lang", 9001},
    {"laquo", 171},   {"larr", 8592},   {"lceil", 8968},   {"ldquo", 8220},  {"le", 8804},      {"lfloor", 8970},
    {"lowast", 8727}, {"loz", 9674},    {"lrm", 8206},     {"lsaquo", 8249}, {"lsquo", 8216},   {"lt", 60},
    {"macr", 175},    {"mdash", 8212},  {"micro", 181},    {"middot", 183},  {"minus", 8722},   {"mu", 956},
    {"nabla", 8711},  {"nbsp", 160},    {"ndash", 8211},   {"ne", 8800},     {"ni", 8715},      {"not", 172},
    {"notin", 8713},  {"nsub", 8836},   {"ntilde", 241},   {"nu", 957},      {"oacute", 243},   {"ocirc", 244},
    {"oelig", 339},   {"ograve", 242},  {"oline", 8254},   {"omega", 969},   {"omicron", 959},  {"oplus", 8853},
    {"or", 8744},     {"ordf", 170},    {"ordm", 186},     {"oslash", 248},  {"otilde", 245},   {"otimes", 8855},
    {"ouml", 246},    {"para", 182},    {"part", 8706},    {"permil", 8240}, {"perp", 8869},    {"phi", 966},
    {"pi", 960},      {"piv", 982},     {"plusmn", 177},   {"pound", 163},   {"prime", 8242},   {"prod", 8719},
    {"prop", 8733},   {"psi", 968},     {"quot", 34},      {"rArr", 8658},   {"radic", 8730},   {"rang", 9002},
    {"raquo", 187},   {"rarr", 8594},   {"rceil", 8969},   {"rdquo", 8221},  {"real", 8476},    {"reg", 174},
    {"rfloor", 8971}, {"rho", 961},     {"rlm", 8207},     {"rsaquo", 8250}, {"rsquo", 8217},   {"sbquo", 8218},
    {"scaron", 353},  {"sdot", 8901},   {"sect", 167},     {"shy", 173},     {"sigma", 963},    {"sigmaf", 962},
    {"sim", 8764},    {"spades", 9824}, {"sub", 8834},     {"sube", 8838},   {"sum", 8721},     {"sup", 8835},
    {"sup1", 185},    {"sup2", 178},    {"sup3", 179},     {"supe", 8839},   {"szlig", 223},    {"tau", 964},
    {"there4", 8756}, {"theta", 952},   {"thetasym", 977}, {"thinsp", 8201}, {"thorn", 254},    {"tilde", 732},
    {"times", 215},   {"trade", 8482},  {"uArr", 8657},    {"uacute", 250},  {"uarr", 8593},    {"ucirc", 251},
    {"ugrave", 249},  {"uml", 168},     {"upsih", 978},    {"upsilon", 965}, {"uuml", 252},     {"weierp", 8472},
    {"xi", 958},      {"yacute", 253},  {"yen", 165},      {"yuml", 255},    {"zeta", 950},     {"zwj", 8205},
    {"zwnj", 8204},
};

constexpr size_t kLongestName = 10;  // a bound on the look ahead; names have at most eight letters

Reference numeric_reference(std::string_view text) noexcept {
  const bool is_hex = text.size() > 2 && (text[2] == 'x' || text[2] == 'X');
  size_t i = is_hex ? 3 : 2;
  const size_t first = i;
  char32_t code = 0;
  for (; i < text.size() && code <= 0x10ffff; ++i) {
    const char c = static_cast<char>(text[i] | 0x20);
    if (is_digit(text[i]))
      code = code * (is_hex ? 16 : 10) + static_cast<char32_t>(text[i] - '0');
    else if (is_hex && c >= 'a' && c <= 'f')
      code = code * 16 + static_cast<char32_t>(c - 'a' + 10);
    else
      break;
  }
  const bool is_character = code >= 0x20 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  if (i == first || i == text.size() || text[i] != ';' || !is_character) return {};
  return {i + 1, code};
}

// "&name;" of a name that is not in the table stays what it is, whoever knows it.
bool is_unknown_reference(std::string_view text) noexcept {
  size_t i = 1;
  while (i < text.size() && i < 40 && (is_letter(text[i]) || is_digit(text[i]))) ++i;
  return i > 1 && i < text.size() && text[i] == ';' && is_letter(text[1]) && reference_at(text).n_bytes == 0;
}

std::string encode_html(std::string_view words, Writing writing) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    const char c = words[i];
    if (c == '&')
      out += writing != Writing::Xml && is_unknown_reference(words.substr(i)) ? "&" : "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"' && (writing == Writing::DoubleQuoted || writing == Writing::Unquoted))
      out += "&quot;";
    else if (c == '\'' && writing == Writing::SingleQuoted)
      out += "&#39;";
    else
      out += c;
  }
  if (writing == Writing::Unquoted) {
    out += '"';
    out.insert(out.begin(), '"');
  }
  return out;
}

// What would begin a heading, a quotation or a list.
std::string escape_block(std::string out) {
  if (out.empty()) return out;
  const auto space_at = [&](size_t i) { return i >= out.size() || is_space(out[i]); };
  if (out[0] == '#' || out[0] == '>' || ((out[0] == '-' || out[0] == '+') && space_at(1)))
    out.insert(out.begin(), '\\');
  size_t digits = 0;
  while (digits < out.size() && is_digit(out[digits])) ++digits;
  if (digits > 0 && digits < 10 && digits < out.size() && (out[digits] == '.' || out[digits] == ')') &&
      space_at(digits + 1))
    out.insert(digits, 1, '\\');
  return out;
}

std::string encode_markdown(std::string_view words, Writing writing, bool opens) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    const char c = words[i], next = i + 1 < words.size() ? words[i + 1] : ' ';
    const bool in_word = i > 0 && next != ' ' && (is_letter(words[i - 1]) || is_digit(words[i - 1]));
    const bool is_special = c == '*' || c == '`' || (c == '_' && !in_word) ||
                            (c == ']' && (next == '(' || next == '[')) ||
                            (c == '\\' && !is_letter(next) && !is_digit(next)) || (c == '~' && next == '~') ||
                            (c == '|' && writing == Writing::MarkdownCell);
    if (c == '<' && (is_letter(next) || next == '/' || next == '!'))
      out += "&lt;";
    else if (c == '&' && reference_at(words.substr(i)).n_bytes > 0)
      out += "&amp;";
    else if (is_special)
      out.append(1, '\\').append(1, c);
    else
      out += c;
  }
  return opens ? escape_block(std::move(out)) : out;
}

// An arrow of this kind would make a line a cue's times.
std::string encode_cue(std::string_view words) {
  std::string out(words);
  for (size_t at = out.find("-->"); at != std::string::npos; at = out.find("-->", at)) out.replace(at, 3, "->");
  return out;
}

std::string on_one_line(std::string_view words) {
  std::string out;
  for (const char c : words) {
    if (c == '\n' || c == '\r' || c == '\t')
      out += ' ';
    else if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)
      out += c;
  }
  return out;
}

}  // namespace

std::string encode(Writing writing, std::string_view words, bool opens) {
  const std::string line = on_one_line(words);
  switch (writing) {
    case Writing::Plain:
      return line;
    case Writing::Cue:
      return encode_cue(line);
    case Writing::Markdown:
    case Writing::MarkdownCell:
      return encode_markdown(line, writing, opens);
    default:
      return encode_html(line, writing);
  }
}

Reference reference_at(std::string_view text) noexcept {
  if (text.size() < 3 || text[0] != '&') return {};
  if (text[1] == '#') return numeric_reference(text.substr(0, 12));
  const size_t end = text.substr(0, kLongestName + 2).find(';');
  if (end == std::string_view::npos) return {};
  const std::string_view name = text.substr(1, end - 1);
  const auto found = std::lower_bound(std::begin(kNamed), std::end(kNamed), name,
                                      [](const NamedReference& a, std::string_view b) { return a.name < b; });
  if (found == std::end(kNamed) || found->name != name) return {};
  return {end + 1, found->code};
}

std::string decode_references(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const Reference reference = reference_at(text.substr(i));
    if (reference.n_bytes > 0)
      append_utf8(out, reference.code);
    else
      out += text[i];
    i += std::max<size_t>(reference.n_bytes, 1);
  }
  return out;
}

std::string collapse_spaces(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (!is_space(c))
      out += c;
    else if (out.empty() || out.back() != ' ')
      out += ' ';
  return out;
}

}  // namespace facet::documents
