#include "text/merges.h"

#include <algorithm>
#include <array>
#include <bit>
#include <thread>

#include "base/error.h"
#include "text/utf8.h"

namespace facet::text {
namespace {

struct Resolved {
  TokenId left, right, result;  // -1: no token
  uint32_t join;                // JoinFilter slot
};

bool is_joined(std::string_view piece, MergePair halves) {
  return piece.size() == halves.left.size() + halves.right.size() && piece.starts_with(halves.left) &&
         piece.ends_with(halves.right);
}

// Resolves merges [begin, end) into out[begin, end). Takes its memory when it is made: an exception on a thread of its
// own would end the program.
class Resolver {
 public:
  Resolver(const std::vector<MergePair>& merges, const Vocabulary& vocabulary, std::vector<Resolved>& out)
      : merges_(merges), vocabulary_(vocabulary), out_(out) {
    joined_.reserve(vocabulary.longest_bytes());
  }

  void run(size_t begin, size_t end) noexcept {
    for (; begin < end; begin += kBlock) run_block(begin, std::min(begin + kBlock, end));
  }

 private:
  static constexpr size_t kBlock = 16;  // look-ups under way at once: they wait for memory, not for each other

  void run_block(size_t begin, size_t end) {
    std::array<std::array<uint64_t, 2>, kBlock> hashes;
    for (size_t i = begin; i < end; ++i) {
      hashes[i - begin] = {Vocabulary::hash(merges_[i].left), Vocabulary::hash(merges_[i].right)};
      for (const uint64_t hash : hashes[i - begin]) vocabulary_.fetch_slot(hash);
    }
    for (size_t i = begin; i < end; ++i) {
      const auto [left, right] = merges_[i];
      const auto [left_hash, right_hash] = hashes[i - begin];
      Resolved& r = out_[i] = {vocabulary_.find_by_hash(left, left_hash), vocabulary_.find_by_hash(right, right_hash),
                               find_result(merges_[i]), 0};
      if (r.left >= 0 && r.right >= 0)
        r.join = JoinFilter::slot(last_character(left).code, first_character(right).code);
    }
  }

  // Gemma's list is sorted by result: nearly always the one before, or the next.
  TokenId find_result(MergePair merge) {
    const auto is = [&](TokenId id) { return vocabulary_.has(id) && is_joined(vocabulary_.piece(id), merge); };
    if (is(result_)) return result_;
    if (is(result_ + 1)) return ++result_;
    if (merge.left.size() + merge.right.size() > vocabulary_.longest_bytes()) return -1;
    joined_.assign(merge.left).append(merge.right);
    return result_ = vocabulary_.find(joined_);
  }

  const std::vector<MergePair>& merges_;
  const Vocabulary& vocabulary_;
  std::vector<Resolved>& out_;
  TokenId result_ = -1;
  std::string joined_;
};

// Unsigned integers in the order of the scores, the highest first.
uint32_t rank_of(float score) {
  const auto bits = std::bit_cast<uint32_t>(score + 0.0f);  // -0 becomes 0
  return bits & 0x80000000u ? bits : ~bits & 0x7fffffffu;
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
  Resolver first(merges, vocabulary, resolved), second(merges, vocabulary, resolved);
  std::thread other;
  if (half > 0) other = std::thread([&] { first.run(0, half); });
  second.run(half, merges.size());
  if (other.joinable()) other.join();

  slots_.assign(std::bit_ceil(merges.size() + merges.size() / 2 + 1), kEmpty);
  mask_ = slots_.size() - 1;
  results_.resize(merges.size());
  constexpr size_t kAhead = 16;
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    if (rank + kAhead < merges.size()) {
      const Resolved& soon = resolved[rank + kAhead];
      __builtin_prefetch(&slots_[hash(pack(soon.left, soon.right)) & mask_]);
    }
    const auto [left, right, result, join] = resolved[rank];
    if (left < 0 || right < 0 || result < 0)
      throw_error<FormatError>("{}: merge {} (\"{}\" + \"{}\") joins what are no tokens, or into none", source, rank,
                               merges[rank].left, merges[rank].right);
    results_[rank] = result;
    if (forbidden[static_cast<size_t>(result)]) continue;
    insert(left, right, rank);
    joins_.add(join);
  }
}

void MergeTable::insert(TokenId left, TokenId right, size_t rank) noexcept {
  const uint64_t key = pack(left, right);
  uint64_t at = hash(key) & mask_;
  while (slots_[at] != kEmpty && slots_[at] >> kRankBits != key) at = (at + 1) & mask_;
  if (slots_[at] == kEmpty) slots_[at] = key << kRankBits | rank;
}

PieceScores::PieceScores(std::vector<float> scores, const Vocabulary& vocabulary, const std::vector<bool>& forbidden)
    : vocabulary_(&vocabulary), ranks_(scores.size(), Merge::kNone) {
  for (size_t i = 0; i < scores.size(); ++i) {
    if (forbidden[i]) continue;
    ranks_[i] = std::min(rank_of(scores[i]), Merge::kNone - 1);
    std::string_view rest = vocabulary.piece(static_cast<TokenId>(i));
    while (!rest.empty()) {
      const Character left = first_character(rest);
      rest.remove_prefix(left.n_bytes);
      if (!rest.empty()) joins_.add(JoinFilter::slot(left.code, first_character(rest).code));
    }
  }
}

}  // namespace facet::text
