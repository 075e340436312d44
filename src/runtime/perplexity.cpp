#include "runtime/perplexity.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "runtime/logprobs.h"

namespace facet::runtime {

PerplexityResult perplexity(const std::shared_ptr<const Engine>& engine, std::string_view text,
                            const PerplexityOptions& options) {
  const int n = options.chunk;
  if (n < 4 || n > engine->context())
    throw_error<RequestError>("chunks of {} tokens do not fit a context of {}", n, engine->context());
  const auto bos = engine->tokenizer().bos();
  std::vector<TokenId> tokens = engine->tokenizer().encode(text, text::Specials::Forbid);
  if (bos) tokens.insert(tokens.begin(), *bos);
  int n_chunks = static_cast<int>(tokens.size()) / n;
  if (options.max_chunks > 0) n_chunks = std::min(n_chunks, options.max_chunks);
  if (n_chunks == 0)
    throw_error<RequestError>("the text has {} tokens, which is less than one chunk of {}", tokens.size(), n);

  PerplexityResult result;
  double sum = 0, sum_of_squares = 0;
  Session session(engine, n);
  for (int chunk = 0; chunk < n_chunks; ++chunk) {
    const auto first = tokens.begin() + static_cast<std::ptrdiff_t>(chunk) * n;
    std::vector<TokenId> part(first, first + n);
    if (bos) part[0] = *bos;
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
    if (options.on_chunk) options.on_chunk(chunk + 1, n_chunks, result.running.back());
  }
  const auto count = static_cast<double>(result.n_scored);
  const double mean = sum / count, variance = sum_of_squares / count - mean * mean;
  result.n_chunks = n_chunks;
  result.perplexity = std::exp(mean);
  result.error = variance > 0 && count > 1 ? std::sqrt(variance / (count - 1)) * result.perplexity : 0;
  return result;
}

}  // namespace facet::runtime
