#include "runtime/top_tokens.h"

#include <algorithm>
#include <functional>
#include <limits>

namespace facet::runtime {
namespace {

constexpr float kLowest = -std::numeric_limits<float>::infinity();
constexpr size_t kBlock = 64;

// The largest value, -infinity if all are NaN. Several running maxima, so that the compiler makes vectors of them.
float largest(std::span<const float> x) noexcept {
  constexpr size_t kLanes = 16;
  float lanes[kLanes];
  std::fill(lanes, lanes + kLanes, kLowest);
  size_t i = 0;
  for (; i + kLanes <= x.size(); i += kLanes)
    for (size_t j = 0; j < kLanes; ++j) lanes[j] = x[i + j] > lanes[j] ? x[i + j] : lanes[j];
  for (; i < x.size(); ++i) lanes[0] = x[i] > lanes[0] ? x[i] : lanes[0];
  return *std::max_element(lanes, lanes + kLanes);
}

size_t count_blocks(size_t n_logits) noexcept { return (n_logits + kBlock - 1) / kBlock; }

std::span<const float> block(std::span<const float> x, size_t b) {
  return x.subspan(b * kBlock, std::min(kBlock, x.size() - b * kBlock));
}

void collect(std::span<const float> logits, size_t first, float floor, std::vector<Candidate>& out) {
  for (size_t i = 0; i < logits.size(); ++i)
    if (logits[i] >= floor && logits[i] > kLowest) out.push_back({logits[i], static_cast<TokenId>(first + i)});
}

}  // namespace

TokenId argmax(std::span<const float> logits) noexcept {
  const float top = largest(logits);
  const auto at = std::find(logits.begin(), logits.end(), top);
  return at == logits.end() ? 0 : static_cast<TokenId>(at - logits.begin());
}

float TopTokens::scan(std::span<const float> logits) {
  block_max_.resize(count_blocks(logits.size()));
  for (size_t b = 0; b < block_max_.size(); ++b) block_max_[b] = largest(block(logits, b));
  return largest(block_max_);
}

void TopTokens::find(std::span<const float> logits, size_t n, float floor, std::vector<Candidate>& out) {
  scan(logits);
  find_scanned(logits, n, floor, out);
}

void TopTokens::find_scanned(std::span<const float> logits, size_t n, float floor, std::vector<Candidate>& out) {
  const size_t n_blocks = block_max_.size();
  // The n-th largest of the blocks' maxima has n values at or above it, so the n best are among those.
  if (n > 0 && n <= n_blocks) {
    ranked_ = block_max_;
    std::nth_element(ranked_.begin(), ranked_.begin() + static_cast<std::ptrdiff_t>(n - 1), ranked_.end(),
                     std::greater<>());
    floor = std::max(floor, ranked_[n - 1]);
  }
  out.clear();
  for (size_t b = 0; b < n_blocks; ++b)
    if (block_max_[b] >= floor) collect(block(logits, b), b * kBlock, floor, out);
  n = std::min(n, out.size());
  std::partial_sort(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n), out.end(), is_better);
  out.resize(n);
}

size_t TopTokens::table_bytes(size_t n_logits) noexcept { return 2 * sizeof(float) * count_blocks(n_logits); }

void TopTokens::find_all(std::span<const float> logits, float floor, std::vector<Candidate>& out) {
  out.clear();
  collect(logits, 0, floor, out);
}

}  // namespace facet::runtime
