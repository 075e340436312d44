// Each format is a pattern of the whole text, put together from the rules of its standard: RFC 3339 (times), 5321
// (mail), 1123 (hosts), 4291 (IPv6), 3986 and 3987 (URIs, IRIs), 6570 (templates), 6901 (JSON pointers).
#include "constraint/regex/formats.h"

#include <array>
#include <string>

#include "constraint/regex/pattern.h"

namespace facet::constraint {
namespace {

std::string group(const std::string& pattern) { return "(?:" + pattern + ")"; }

// Year 0 is in no calendar that programs use.
std::string date_pattern() {
  const std::string days_31 = "(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])";
  const std::string days_30 = "(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)";
  const std::string february = "02-(?:0[1-9]|1\\d|2[0-8])";
  const std::string leap_year = "(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)";
  return "(?!0000)" + group("\\d{4}-" + group(days_31 + "|" + days_30 + "|" + february) + "|" + leap_year + "-02-29");
}

// No leap seconds: most readers refuse them.
std::string time_pattern() {
  const std::string hour_minute = "(?:[01]\\d|2[0-3]):[0-5]\\d";
  return hour_minute + ":[0-5]\\d(?:\\.\\d+)?" + group("[Zz]|[+-]" + hour_minute);
}

// std::string("...") before what is added: of a literal GCC 12 warns, wrongly, that the two may overlap (-Wrestrict).
std::string duration_pattern() {
  const std::string time = "T(?:\\d+H(?:\\d+M(?:\\d+S)?)?|\\d+M(?:\\d+S)?|\\d+S)";
  const std::string date = "(?:\\d+Y(?:\\d+M(?:\\d+D)?)?|\\d+M(?:\\d+D)?|\\d+D)";
  return std::string("P") + group("\\d+W|" + date + group(time) + "?|" + time);
}

std::string ipv4_pattern() {
  const std::string byte = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
  return byte + "(?:\\." + byte + "){3}";
}

// Eight groups of hexadecimal digits, the last two perhaps as IPv4; "::" stands for one or more groups of zeros.
std::string ipv6_pattern() {
  const std::string word = "[0-9A-Fa-f]{1,4}";
  const std::string last_two = group(word + ":" + word + "|" + ipv4_pattern());
  const auto words = [&](int n) { return group(word + ":") + "{" + std::to_string(n) + "}"; };
  std::string all = words(6) + last_two;
  for (int behind = 7; behind >= 0; --behind) {
    const int before = 7 - behind;
    const std::string front =
        before == 0 ? "" : group(group(word + ":") + "{0," + std::to_string(before - 1) + "}" + word) + "?";
    all += "|" + front + "::" + (behind >= 2 ? words(behind - 2) + last_two : behind == 1 ? word : "");
  }
  return group(all);
}

// Labels of up to 63 letters, digits and inner hyphens.
std::string host_pattern(const std::string& first, const std::string& more) {
  const std::string ends = "[" + first + more + "]", inner = "[" + first + more + "-]";
  const std::string label = "[" + first + "]" + group(inner + "{0,61}" + ends) + "?";
  return "(?=.{1,253}$)" + label + group("\\." + label) + "*";
}
std::string hostname_pattern() { return host_pattern("A-Za-z0-9", ""); }
// Letters as they stand in registered names: no capitals beyond ASCII; marks not in front.
std::string idn_hostname_pattern() { return host_pattern("A-Za-z0-9\\p{Ll}\\p{Lo}", "\\p{Mn}\\p{Mc}"); }

std::string email_pattern(const std::string& beyond_ascii, const std::string& host) {
  const std::string word = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~" + beyond_ascii + "-]+";
  const std::string quoted = "\"(?:[ !#-\\[\\]-~" + beyond_ascii + "]|\\\\[ -~])*\"";
  const std::string address = "\\[(?:" + ipv4_pattern() + "|IPv6:" + ipv6_pattern() + ")\\]";
  const std::string local = "(?=[^@]{1,64}@|\")" + group(word + group("\\." + word) + "*|" + quoted);
  return local + "@" + group(host + "|" + address);
}

// What URIs and IRIs share. `letters`, `more_in_query`: insides of classes, what IRIs allow in addition.
class UriPatterns {
 public:
  explicit UriPatterns(const std::string& letters = "", const std::string& more_in_query = "")
      : name_characters_("A-Za-z0-9\\-._~!$&'()*+,;=" + letters), more_in_query_(more_in_query) {}

  std::string absolute() const {
    const std::string path =
        group("//" + authority() + slashes() + "|" + rooted() + "|" + one("@:") + "+" + slashes()) + "?";
    return "[A-Za-z][A-Za-z0-9+.-]*:" + path + end();
  }
  std::string reference() const {
    const std::string path =
        group("//" + authority() + slashes() + "|" + rooted() + "|" + one("@") + "+" + slashes()) + "?";
    return group(absolute() + "|" + path + end());
  }

 private:
  std::string one(const std::string& more) const { return group("[" + name_characters_ + more + "]|%[0-9A-Fa-f]{2}"); }
  std::string slashes() const { return group(std::string("/") + one("@:") + "*") + "*"; }
  std::string rooted() const { return std::string("/") + group(one("@:") + "+" + slashes()) + "?"; }
  std::string authority() const {
    const std::string future = "[Vv][0-9A-Fa-f]+\\.[A-Za-z0-9\\-._~!$&'()*+,;=:]+";
    const std::string host = group("\\[" + group(ipv6_pattern() + "|" + future) + "\\]|" + one("") + "*");
    return group(one(":") + "*@") + "?" + host + "(?::\\d*)?";
  }
  std::string end() const {
    return group(std::string("\\?") + one("@:/?" + more_in_query_) + "*") + "?" +
           group(std::string("#") + one("@:/?") + "*") + "?";
  }

  std::string name_characters_, more_in_query_;
};

std::string beyond_ascii() {
  std::string out = "\\u00A0-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFEF";
  for (const char plane : std::string_view("123456789ABCD"))
    out += std::string("\\u{") + plane + "0000}-\\u{" + plane + "FFFD}";
  return out + "\\u{E1000}-\\u{EFFFD}";
}
constexpr char kPrivateUse[] = "\\uE000-\\uF8FF\\u{F0000}-\\u{FFFFD}\\u{100000}-\\u{10FFFD}";

std::string uri_template_pattern() {
  const std::string percent = "%[0-9A-Fa-f]{2}";
  const std::string literal = "[!#$&(-;=?-\\[\\]_a-z~" + beyond_ascii() + kPrivateUse + "]";
  const std::string letter = group("[A-Za-z0-9_]|" + percent);
  const std::string variable = letter + group("\\.?" + letter) + "*(?::[1-9]\\d{0,3}|\\*)?";
  return group(literal + "|" + percent + "|\\{[+#./;?&]?" + variable + group("," + variable) + "*\\}") + "*";
}

std::string json_pointer_pattern() { return "(?:/(?:[^~/]|~[01])*)*"; }

struct Format {
  std::string_view name;
  std::string (*pattern)();
};

constexpr Format kFormats[] = {
    {"date", date_pattern},
    {"date-time", [] { return date_pattern() + "[Tt]" + time_pattern(); }},
    {"duration", duration_pattern},
    {"email", [] { return email_pattern("", hostname_pattern()); }},
    {"hostname", hostname_pattern},
    {"idn-email", [] { return email_pattern(beyond_ascii(), idn_hostname_pattern()); }},
    {"idn-hostname", idn_hostname_pattern},
    {"ipv4", ipv4_pattern},
    {"ipv6", ipv6_pattern},
    {"iri", [] { return UriPatterns(beyond_ascii(), kPrivateUse).absolute(); }},
    {"iri-reference", [] { return UriPatterns(beyond_ascii(), kPrivateUse).reference(); }},
    {"json-pointer", json_pointer_pattern},
    {"regex", [] { return std::string("[^]*"); }},  // any text: whether it is a pattern is not decided
    {"relative-json-pointer", [] { return "(?:0|[1-9]\\d*)" + group("#|" + json_pointer_pattern()); }},
    {"time", time_pattern},
    {"uri", [] { return UriPatterns().absolute(); }},
    {"uri-reference", [] { return UriPatterns().reference(); }},
    {"uri-template", uri_template_pattern},
    {"uuid", [] { return std::string("[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"); }},
};

constexpr auto kFormatNames = [] {
  std::array<std::string_view, std::size(kFormats)> names;
  for (size_t i = 0; i < names.size(); ++i) names[i] = kFormats[i].name;
  return names;
}();

}  // namespace

std::optional<RegexId> format(Regexes& regexes, std::string_view name, Writing writing) {
  for (const Format& format : kFormats)
    if (format.name == name) return parse_pattern(regexes, format.pattern(), {writing, true});
  return {};
}

std::span<const std::string_view> format_names() noexcept { return kFormatNames; }

}  // namespace facet::constraint
