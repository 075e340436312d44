#include "text/merges.h"

#include <bit>
#include <thread>

#include "base/error.h"

namespace facet::text {
namespace {

struct Resolved {
  TokenId left, right, result;
};

void resolve(const std::vector<MergePair>& merges, size_t begin, size_t end, const Vocabulary& vocabulary,
             std::vector<Resolved>& out) {
  std::string joined;
  for (size_t i = begin; i < end; ++i) {
    const auto [left, right] = merges[i];
    joined.assign(left).append(right);
    out[i] = {vocabulary.find(left), vocabulary.find(right), vocabulary.find(joined)};
  }
}

}  // namespace

MergePair split_merge(std::string_view merge) noexcept {
  const size_t space = merge.find(' ', 1);
  if (space == std::string_view::npos) return {merge, {}};
  return {merge.substr(0, space), merge.substr(space + 1)};
}

MergeTable::MergeTable(const std::vector<MergePair>& merges, const Vocabulary& vocabulary,
                       const std::vector<bool>& forbidden, const std::string& source) {
  if (merges.size() >= kRankMask) throw_error<FormatError>("{}: {} merges are too many", source, merges.size());
  std::vector<Resolved> resolved(merges.size());
  constexpr size_t kWorthAThread = 10000;
  const size_t half = merges.size() > kWorthAThread ? merges.size() / 2 : 0;
  std::thread other;
  if (half > 0) other = std::thread([&] { resolve(merges, 0, half, vocabulary, resolved); });
  resolve(merges, half, merges.size(), vocabulary, resolved);
  if (other.joinable()) other.join();

  slots_.assign(std::bit_ceil(merges.size() * 2 + 2), kEmpty);
  mask_ = slots_.size() - 1;
  results_.resize(merges.size());
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const auto [left, right, result] = resolved[rank];
    if (left < 0 || right < 0 || result < 0)
      throw_error<FormatError>("{}: merge {} (\"{}\" + \"{}\") joins what are no tokens, or into none", source, rank,
                               merges[rank].left, merges[rank].right);
    results_[rank] = result;
    if (forbidden[static_cast<size_t>(result)]) continue;
    const uint64_t key = pack(left, right);
    uint64_t at = hash(key) & mask_;
    while (slots_[at] != kEmpty && slots_[at] >> kRankBits != key) at = (at + 1) & mask_;
    if (slots_[at] == kEmpty) slots_[at] = key << kRankBits | rank;  // a repeated pair keeps its first rank
  }
}

}  // namespace facet::text
