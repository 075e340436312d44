#include "runtime/prompt.h"

#include <algorithm>

namespace facet::runtime {

int common_prefix(const PromptView& a, const PromptView& b) {
  const auto [end, unused] = std::mismatch(a.tokens.begin(), a.tokens.end(), b.tokens.begin(), b.tokens.end());
  const int n = static_cast<int>(end - a.tokens.begin());
  const auto begins_at = [](const PromptView& p, size_t i, int none) {
    return i < p.media.size() ? std::min(p.media[i].position, none) : none;
  };
  for (size_t i = 0;; ++i) {
    const int first = std::min(begins_at(a, i, n), begins_at(b, i, n));
    if (first == n) return n;
    if (i >= a.media.size() || i >= b.media.size() || a.media[i] != b.media[i]) return first;
  }
}

int before_medium(std::span<const MediaSpan> media, int n) {
  for (const MediaSpan& span : media)
    if (span.embedding->is_bidirectional && span.position < n && n < span.end()) return span.position;
  return n;
}

}  // namespace facet::runtime
