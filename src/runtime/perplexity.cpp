#include "runtime/perplexity.h"

#include <cmath>

#include "runtime/logprobs.h"
#include "runtime/text_chunks.h"

namespace facet::runtime {

PerplexityResult perplexity(const std::shared_ptr<const Engine>& engine, std::string_view text,
                            const PerplexityOptions& options) {
  const int n = options.chunk;
  const auto chunks = text_chunks(*engine, text, n, options.max_chunks);
  const auto n_chunks = static_cast<int>(chunks.size());
  PerplexityResult result;
  double sum = 0, sum_of_squares = 0;
  Session session(engine, n);
  for (const std::vector<TokenId>& part : chunks) {
    // Logits after position p say how likely token p + 1 was.
    session.sync_with_logits(part, n / 2, [&](int position, std::span<const float> logits) {
      if (position + 1 >= n) return;
      const auto target = static_cast<size_t>(part[static_cast<size_t>(position) + 1]);
      const double nll = log_normalizer(logits) - logits[target];
      sum += nll;
      sum_of_squares += nll * nll;
      ++result.n_scored;
    });
    result.running.push_back(std::exp(sum / static_cast<double>(result.n_scored)));
    if (options.on_chunk) options.on_chunk(static_cast<int>(result.running.size()), n_chunks, result.running.back());
  }
  const auto count = static_cast<double>(result.n_scored);
  const double mean = sum / count, variance = sum_of_squares / count - mean * mean;
  result.n_chunks = n_chunks;
  result.perplexity = std::exp(mean);
  result.error = variance > 0 && count > 1 ? std::sqrt(variance / (count - 1)) * result.perplexity : 0;
  return result;
}

}  // namespace facet::runtime
