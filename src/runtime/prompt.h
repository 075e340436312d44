// What a timeline is asked to hold: tokens, and what encoders have made of the pictures and sounds among them.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "text/tokenizer.h"

namespace facet::runtime {

using text::TokenId;

// What tells media apart: a hash of the content, of how it was prepared, and of the encoder. Equal keys: equal rows.
struct ContentKey {
  uint64_t high = 0, low = 0;
  bool operator==(const ContentKey&) const = default;
};

// The rows that stand in for the token embeddings of one picture, frame or clip. Immutable, shared by all that use it.
struct Embedding {
  ContentKey key;
  int n_rows = 0, n_cols = 0;
  bool is_bidirectional = false;  // its rows see each other whatever their order, on local layers
  std::vector<float> values;      // [n_rows, n_cols], n_cols = the model's n_embd
};

// An embedding's place in a timeline: its rows take positions [position, end()), whose tokens are placeholders.
struct MediaSpan {
  int position = 0;
  std::shared_ptr<const Embedding> embedding;

  int end() const noexcept { return position + embedding->n_rows; }
  bool operator==(const MediaSpan& other) const noexcept {
    return position == other.position && embedding->key == other.embedding->key;
  }
};

// Tokens, and the media among them in order; a view. Tokens alone convert to it.
struct PromptView {
  std::span<const TokenId> tokens;
  std::span<const MediaSpan> media;

  PromptView(std::span<const TokenId> t, std::span<const MediaSpan> m) : tokens(t), media(m) {}
  template <class Tokens>
  requires std::convertible_to<const Tokens&, std::span<const TokenId>> PromptView(const Tokens& t)
      : tokens(t) {}  // NOLINT: tokens are a prompt
};

// The first position where two prompts differ, in tokens or in media; a medium that differs does from its beginning.
int common_prefix(const PromptView& a, const PromptView& b);

// n, or the beginning of the bidirectional medium that n lies inside of: such a medium is computed whole.
int before_medium(std::span<const MediaSpan> media, int n);

}  // namespace facet::runtime
