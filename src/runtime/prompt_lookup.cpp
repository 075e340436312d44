#include "runtime/prompt_lookup.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace facet::runtime {
namespace {

// Half of the slots stay free at least.
size_t n_slots(int max_tokens) noexcept { return std::bit_ceil(2 * static_cast<size_t>(std::max(1, max_tokens))); }

// FNV-1a over whole tokens; its high bits are the good ones.
uint64_t hash_of(std::span<const TokenId> run) noexcept {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const TokenId t : run) hash = (hash ^ static_cast<uint32_t>(t)) * 0x100000001b3u;
  return hash * 0x9e3779b97f4a7c15u >> 32;
}

}  // namespace

PromptLookup::PromptLookup(int max_tokens)
    : tables_{{8, std::vector<uint32_t>(n_slots(max_tokens))}, {3, std::vector<uint32_t>(n_slots(max_tokens))}} {}

size_t PromptLookup::table_bytes(int max_tokens) noexcept { return 2 * sizeof(uint32_t) * n_slots(max_tokens); }

// The slot of the run that ends before `end`: where an equal one ended, or a free one.
uint32_t& PromptLookup::Table::slot(std::span<const TokenId> text, size_t end) {
  const auto run = text.subspan(end - n, n);
  const size_t mask = ends.size() - 1;
  for (size_t i = hash_of(run) & mask;; i = (i + 1) & mask)
    if (ends[i] == 0 || std::ranges::equal(run, text.subspan(ends[i] - n, n))) return ends[i];
}

PromptLookup::Match PromptLookup::find(std::span<const TokenId> text) {
  assert(text.size() <= tables_[0].ends.size() / 2);
  // The text's own end is learnt when it is the end no more.
  for (; n_learnt_ + 1 < text.size(); ++n_learnt_)
    for (Table& table : tables_)
      if (n_learnt_ + 1 >= table.n) table.slot(text, n_learnt_ + 1) = static_cast<uint32_t>(n_learnt_ + 1);
  for (Table& table : tables_) {
    if (text.size() < table.n) continue;
    const size_t end = table.slot(text, text.size());
    if (end == 0) continue;
    size_t length = table.n;
    while (length < kLongest && length < end && text[end - 1 - length] == text[text.size() - 1 - length]) ++length;
    return {static_cast<int>(length), static_cast<int>(end)};
  }
  return {};
}

TokenId PromptLookup::expected(std::span<const TokenId> text, const Match& match, int ahead) noexcept {
  const auto begin = static_cast<size_t>(match.position);
  return text[begin + static_cast<size_t>(ahead) % (text.size() - begin)];
}

}  // namespace facet::runtime
