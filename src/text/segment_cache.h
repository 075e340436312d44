// The tokens of short segments met before in the same text: prose repeats its words. Lives as long as one call, so the
// tokenizer stays immutable and threads share nothing.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace facet::text {

// Direct-mapped: a newcomer replaces what is in its place.
class SegmentCache {
 public:
  static constexpr size_t kMaxBytes = 15, kMaxTokens = 4;

  struct Key {
    uint64_t low = 0, high = 0;  // the bytes, zeros, and in the last byte their number
    bool operator==(const Key&) const = default;
  };
  static Key key(std::string_view segment) noexcept {  // 1 to kMaxBytes bytes
    unsigned char bytes[16] = {};
    std::memcpy(bytes, segment.data(), segment.size());
    bytes[15] = static_cast<unsigned char>(segment.size());
    Key out;
    std::memcpy(&out, bytes, sizeof out);
    return out;
  }

  explicit SegmentCache(size_t text_bytes) : entries_(std::bit_ceil(std::clamp<size_t>(text_bytes / 8, 1, 4096))) {}

  // Empty: not there.
  std::span<const TokenId> find(const Key& key) const noexcept {
    const Entry& e = entries_[slot(key)];
    return std::span(e.tokens).first(e.key == key ? e.n_tokens : 0);
  }
  void store(const Key& key, std::span<const TokenId> tokens) noexcept {
    if (tokens.size() > kMaxTokens) return;
    Entry& e = entries_[slot(key)];
    e.key = key;
    e.n_tokens = tokens.size();
    std::copy(tokens.begin(), tokens.end(), e.tokens.begin());
  }

 private:
  struct Entry {
    Key key;
    size_t n_tokens = 0;
    std::array<TokenId, kMaxTokens> tokens{};
  };
  size_t slot(const Key& key) const noexcept {
    return ((key.low ^ key.high * 0xff51afd7ed558ccdu) * 0x9e3779b97f4a7c15u >> 40) & (entries_.size() - 1);
  }
  std::vector<Entry> entries_;
};

}  // namespace facet::text
