// Perplexity of a model on a text, by the protocol of llama.cpp's tool, so that figures compare: the text is cut into
// chunks of n tokens (the rest is dropped), each chunk's first token becomes <bos>, and its second half is scored.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "runtime/session.h"

namespace facet::runtime {

struct PerplexityResult {
  double perplexity = 0;
  double error = 0;  // standard error of the estimate
  int n_chunks = 0;
  int64_t n_scored = 0;
  std::vector<double> running;  // after each chunk
};

struct PerplexityOptions {
  int chunk = 512;     // tokens
  int max_chunks = 0;  // 0: all
  std::function<void(int done, int total, double so_far)> on_chunk;
};

// Throws RequestError when the text has less than one chunk, or a chunk does not fit the context.
PerplexityResult perplexity(const std::shared_ptr<const Engine>& engine, std::string_view text,
                            const PerplexityOptions& options = {});

}  // namespace facet::runtime
