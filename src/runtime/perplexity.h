// Perplexity of a model on a text, by the protocol of llama.cpp's tool, so that figures compare: the text is cut into
// chunks of n tokens (the rest is dropped), each chunk's first token becomes <bos>, and its second half is scored.
#pragma once

#include <functional>
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

// on_chunk(done, total, perplexity so far). Throws RequestError when the text has less than one chunk, or n does not
// fit.
PerplexityResult perplexity(const std::shared_ptr<const Engine>& engine, std::string_view text, int n = 512,
                            const std::function<void(int, int, double)>& on_chunk = {});

}  // namespace facet::runtime
