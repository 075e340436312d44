#include "text/languages.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/error.h"

namespace facet::text {
namespace {

struct Language {
  std::string_view code, name;
};

// ISO 639-1; sorted.
constexpr Language kLanguages[] = {
    {"af", "Afrikaans"},  {"am", "Amharic"},    {"ar", "Arabic"},     {"az", "Azerbaijani"}, {"be", "Belarusian"},
    {"bg", "Bulgarian"},  {"bn", "Bengali"},    {"bs", "Bosnian"},    {"ca", "Catalan"},     {"cs", "Czech"},
    {"cy", "Welsh"},      {"da", "Danish"},     {"de", "German"},     {"el", "Greek"},       {"en", "English"},
    {"eo", "Esperanto"},  {"es", "Spanish"},    {"et", "Estonian"},   {"eu", "Basque"},      {"fa", "Persian"},
    {"fi", "Finnish"},    {"fr", "French"},     {"ga", "Irish"},      {"gl", "Galician"},    {"gu", "Gujarati"},
    {"he", "Hebrew"},     {"hi", "Hindi"},      {"hr", "Croatian"},   {"hu", "Hungarian"},   {"hy", "Armenian"},
    {"id", "Indonesian"}, {"is", "Icelandic"},  {"it", "Italian"},    {"ja", "Japanese"},    {"ka", "Georgian"},
    {"kk", "Kazakh"},     {"km", "Khmer"},      {"kn", "Kannada"},    {"ko", "Korean"},      {"la", "Latin"},
    {"lo", "Lao"},        {"lt", "Lithuanian"}, {"lv", "Latvian"},    {"mk", "Macedonian"},  {"ml", "Malayalam"},
    {"mn", "Mongolian"},  {"mr", "Marathi"},    {"ms", "Malay"},      {"mt", "Maltese"},     {"my", "Burmese"},
    {"nb", "Norwegian"},  {"ne", "Nepali"},     {"nl", "Dutch"},      {"no", "Norwegian"},   {"pa", "Punjabi"},
    {"pl", "Polish"},     {"ps", "Pashto"},     {"pt", "Portuguese"}, {"ro", "Romanian"},    {"ru", "Russian"},
    {"si", "Sinhala"},    {"sk", "Slovak"},     {"sl", "Slovenian"},  {"so", "Somali"},      {"sq", "Albanian"},
    {"sr", "Serbian"},    {"sv", "Swedish"},    {"sw", "Swahili"},    {"ta", "Tamil"},       {"te", "Telugu"},
    {"th", "Thai"},       {"tl", "Tagalog"},    {"tr", "Turkish"},    {"uk", "Ukrainian"},   {"ur", "Urdu"},
    {"uz", "Uzbek"},      {"vi", "Vietnamese"}, {"yi", "Yiddish"},    {"yo", "Yoruba"},      {"zh", "Chinese"},
    {"zu", "Zulu"},
};

}  // namespace

std::string language_name(const std::string& given) {
  constexpr size_t kLongest = 60;
  const bool is_name =
      !given.empty() && given.size() <= kLongest && std::none_of(given.begin(), given.end(), [](char c) {
        return static_cast<unsigned char>(c) < ' ' || c == '<' || c == '>' || c == '"';
      });
  if (!is_name)
    throw_error<RequestError>("\"{}\" is no language: give a name such as German, or a code such as de", given);
  const size_t dash = given.find_first_of("-_");
  std::string code = given.substr(0, dash);
  if (code.size() != 2) return given;
  std::transform(code.begin(), code.end(), code.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  const auto found = std::lower_bound(std::begin(kLanguages), std::end(kLanguages), code,
                                      [](const Language& a, const std::string& b) { return a.code < b; });
  if (found == std::end(kLanguages) || found->code != code)
    throw_error<RequestError>("\"{}\" is no language code that is known: give the language's name, for example German",
                              given);
  std::string name(found->name);
  if (dash != std::string::npos && dash + 1 < given.size()) name += " (" + given.substr(dash + 1) + ")";
  return name;
}

}  // namespace facet::text
