#include "constraint/matcher/seen_texts.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace facet::constraint {
namespace {

// Values that JSON takes for the same are written the same: 1.0 and 1, escapes, the order of keys.
nlohmann::json with_whole_numbers(nlohmann::json value) {
  if (value.is_number_float() && std::abs(value.get<double>()) < 0x1p53 &&
      value.get<double>() == std::trunc(value.get<double>()))
    return static_cast<int64_t>(value.get<double>());
  if (value.is_structured())
    for (auto& item : value) item = with_whole_numbers(std::move(item));
  return value;
}

std::string canonical(std::string_view text) {
  const bool is_plain_string = text.size() > 1 && text[0] == '"' && text.find_first_of("\"\\", 1) == text.size() - 1;
  if (is_plain_string) return std::string(text);
  const auto value = text == "-0" ? nlohmann::json(0) : nlohmann::json::parse(text, nullptr, false);
  return value.is_discarded() ? std::string(text) : with_whole_numbers(value).dump();
}

}  // namespace

uint32_t SeenTexts::number(std::string_view text) {
  std::string key = canonical(text);
  const size_t n = key.size() + 100;
  const auto [it, is_new] = numbers_.try_emplace(std::move(key), static_cast<uint32_t>(numbers_.size()));
  if (is_new) n_bytes_ += n;
  return it->second;
}

bool SeenTexts::has(std::span<const uint32_t> seen, std::string_view text) const {
  if (seen.empty()) return false;
  const auto it = numbers_.find(canonical(text));
  return it != numbers_.end() && std::binary_search(seen.begin(), seen.end(), it->second);
}

std::vector<std::string> SeenTexts::left(Regexes& regexes, RegexId ends, std::span<const uint32_t> seen,
                                         std::string_view begun) const {
  std::vector<std::string> out = regexes.texts(ends);
  std::erase_if(out, [&](const std::string& end) { return has(seen, std::string(begun) + end); });
  return out;
}

std::optional<std::vector<std::string>> SeenTexts::few_left(Regexes& regexes, RegexId ends,
                                                            std::span<const uint32_t> seen,
                                                            std::string_view begun) const {
  if (seen.empty() || regexes.n_texts(ends, kFew + 1) > kFew) return {};
  return left(regexes, ends, seen, begun);
}

// Of more texts than twice those that were seen some is left: a value has two spellings, 0 and -0, where it has few.
bool SeenTexts::is_any_left(Regexes& regexes, RegexId texts, std::span<const uint32_t> seen) const {
  const size_t enough = std::max(kFew, 2 * seen.size()) + 1;
  return seen.empty() || regexes.n_texts(texts, enough) == enough || !left(regexes, texts, seen, "").empty();
}

}  // namespace facet::constraint
