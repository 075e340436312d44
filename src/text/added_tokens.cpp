#include "text/added_tokens.h"

#include <algorithm>

namespace facet::text {

void AddedTokens::add(std::string text, TokenId id, bool is_control) {
  if (!text.empty()) entries_.push_back({std::move(text), id, is_control});
}

void AddedTokens::finish() {
  const auto byte = [](const Entry& e) { return static_cast<unsigned char>(e.text[0]); };
  std::sort(entries_.begin(), entries_.end(), [&](const Entry& a, const Entry& b) {
    return byte(a) != byte(b)               ? byte(a) < byte(b)
           : a.text.size() != b.text.size() ? a.text.size() > b.text.size()
                                            : a.text < b.text;
  });
  for (const Entry& e : entries_) {
    starts_any_[byte(e)] = true;
    if (!e.is_control) starts_plain_[byte(e)] = true;
    ++first_[byte(e) + 1u];
  }
  for (size_t b = 0; b < 256; ++b) first_[b + 1] += first_[b];
}

AddedTokens::Match AddedTokens::find(std::string_view text, size_t from, bool with_control) const noexcept {
  const auto& starts = with_control ? starts_any_ : starts_plain_;
  for (size_t i = from; i < text.size(); ++i) {
    const auto b = static_cast<unsigned char>(text[i]);
    if (!starts[b]) continue;
    for (uint32_t k = first_[b]; k < first_[b + 1u]; ++k) {
      const Entry& e = entries_[k];
      if ((with_control || !e.is_control) && text.substr(i).starts_with(e.text)) return {i, i + e.text.size(), e.id};
    }
  }
  return {std::string_view::npos, std::string_view::npos, -1};
}

}  // namespace facet::text
