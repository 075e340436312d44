// Guesses how a text goes on: as it did where its last tokens stood before. Two tables, for the last 8 and the last 3
// tokens, say where that was most recently; what they say is checked against the text itself, so that they hold nothing
// but positions: 16 to 32 bytes a token.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/engine.h"

namespace facet::runtime {

class PromptLookup {
 public:
  // For texts of up to max_tokens tokens. Allocates here and never again.
  explicit PromptLookup(int max_tokens);

  static size_t table_bytes(int max_tokens) noexcept;

  struct Match {
    int length = 0;    // tokens at the text's end that stood before, counted up to kLongest; 0: none did
    int position = 0;  // where that went on
  };
  static constexpr int kLongest = 32;

  // Where the end of `text` stood before, most recently for the longest of the tables' lengths. `text` is that of the
  // last call with more tokens behind it, and its tokens are learnt on the way.
  Match find(std::span<const TokenId> text);

  // The token that the match lets expect `ahead` tokens behind the text (0: the next). A text that repeats itself goes
  // on doing so.
  static TokenId expected(std::span<const TokenId> text, const Match& match, int ahead) noexcept;

 private:
  // Where each run of n tokens ended last; open addressing, 0 is free.
  struct Table {
    size_t n;
    std::vector<uint32_t> ends;

    uint32_t& slot(std::span<const TokenId> text, size_t end);
  };

  Table tables_[2];
  size_t n_learnt_ = 0;  // runs that end up to here are in the tables
};

}  // namespace facet::runtime
