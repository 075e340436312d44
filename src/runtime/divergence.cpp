#include "runtime/divergence.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "runtime/logprobs.h"
#include "runtime/text_chunks.h"

namespace facet::runtime {
namespace {

// Positions whose logits are held at once, for they are many megabytes each thousand.
constexpr int kPositions = 32;

using Rows = std::vector<std::vector<float>>;

// Logits after each of part[first, last).
Rows logits_of(Session& session, std::span<const TokenId> part, int first, int last) {
  Rows rows;
  session.sync_with_logits(part.first(static_cast<size_t>(last)), first, [&](int, std::span<const float> logits) {
    rows.emplace_back(logits.begin(), logits.end());
  });
  return rows;
}

size_t top_of(std::span<const float> logits) {
  return static_cast<size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

// By how much probability the most likely token leads.
double lead(std::span<const float> logits, size_t top) {
  float second = -INFINITY;
  for (size_t i = 0; i < logits.size(); ++i)
    if (i != top) second = std::max(second, logits[i]);
  const double normalizer = log_normalizer(logits);
  return std::exp(logits[top] - normalizer) - std::exp(second - normalizer);
}

class Comparison {
 public:
  void add(std::span<const float> reference, std::span<const float> model, TokenId next) {
    const size_t top = top_of(reference);
    const bool is_same = top_of(model) == top, is_clear = lead(reference, top) > kClearLead;
    result_.kl.push_back(static_cast<float>(kl_divergence(reference, model)));
    result_.n_same_top += is_same;
    result_.n_clear += is_clear;
    result_.n_clear_same += is_clear && is_same;
    surprise_ += log_normalizer(model) - model[static_cast<size_t>(next)];
    reference_surprise_ += log_normalizer(reference) - reference[static_cast<size_t>(next)];
  }
  DivergenceResult finish() {
    const auto n = static_cast<double>(result_.kl.size());
    result_.perplexity = std::exp(surprise_ / n);
    result_.reference_perplexity = std::exp(reference_surprise_ / n);
    std::sort(result_.kl.begin(), result_.kl.end());
    return std::move(result_);
  }

 private:
  DivergenceResult result_;
  double surprise_ = 0, reference_surprise_ = 0;
};

}  // namespace

double kl_divergence(std::span<const float> p_logits, std::span<const float> q_logits) noexcept {
  const double p_normalizer = log_normalizer(p_logits), q_normalizer = log_normalizer(q_logits);
  double sum = 0;
  for (size_t i = 0; i < p_logits.size(); ++i) {
    const double p = p_logits[i] - p_normalizer, q = q_logits[i] - q_normalizer;
    if (!(p <= -700)) sum += std::exp(p) * (p - q);  // beyond that, p is 0
  }
  return sum < 0 ? 0 : sum;
}

double DivergenceResult::mean() const noexcept {
  return std::accumulate(kl.begin(), kl.end(), 0.0) / static_cast<double>(kl.size());
}

float DivergenceResult::at(double share) const noexcept {
  const auto n = static_cast<double>(kl.size());
  return kl[static_cast<size_t>(std::clamp(std::ceil(share * n) - 1, 0.0, n - 1))];
}

DivergenceResult divergence(const std::shared_ptr<const Engine>& model, const std::shared_ptr<const Engine>& reference,
                            std::string_view text, const DivergenceOptions& options) {
  const auto chunks = text_chunks(*model, text, options.chunk, options.max_chunks);
  if (text_chunks(*reference, text, options.chunk, options.max_chunks) != chunks)
    throw_error<RequestError>("{} and {} cut the text into different tokens: compare models of one vocabulary",
                              model->path(), reference->path());
  Session session(model, options.chunk), reference_session(reference, options.chunk);
  Comparison comparison;
  for (size_t i = 0; i < chunks.size(); ++i) {
    // The logits after a chunk's last token have nothing to follow.
    for (int first = options.chunk / 2, last; first < options.chunk - 1; first = last) {
      last = std::min(first + kPositions, options.chunk - 1);
      const Rows ours = logits_of(session, chunks[i], first, last),
                 theirs = logits_of(reference_session, chunks[i], first, last);
      for (size_t k = 0; k < ours.size(); ++k)
        comparison.add(theirs[k], ours[k], chunks[i][static_cast<size_t>(first) + k + 1]);
    }
    if (options.on_chunk) options.on_chunk(static_cast<int>(i) + 1, static_cast<int>(chunks.size()));
  }
  return comparison.finish();
}

}  // namespace facet::runtime
