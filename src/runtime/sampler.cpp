#include "runtime/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace facet::runtime {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

// splitmix64 spreads a seed over the state of xoshiro256++ (both by Blackman and Vigna, public domain).
uint64_t splitmix64(uint64_t& x) {
  x += 0x9e3779b97f4a7c15u;
  uint64_t z = x;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

uint64_t rotate(uint64_t x, int k) { return x << k | x >> (64 - k); }

void check_range(const char* name, double value, double low, double high) {
  if (!(value >= low && value <= high))
    throw_error<RequestError>("{} is {}, expected {} to {}", name, value, low, high);
}

}  // namespace

void check(const SamplingParams& p) {
  check_range("temperature", p.temperature, 0, 100);
  check_range("top-k", p.top_k, 0, 1 << 24);
  check_range("top-p", p.top_p, 0, 1);
  check_range("min-p", p.min_p, 0, 1);
  check_range("typical-p", p.typical_p, 0, 1);
  check_range("repetition penalty", p.repetition_penalty, 0.01, 100);
  check_range("presence penalty", p.presence_penalty, -100, 100);
  check_range("frequency penalty", p.frequency_penalty, -100, 100);
  check_range("penalty window", p.penalty_window, -1, 1 << 24);
}

Sampler::Sampler(SamplingParams params) : params_(std::move(params)) {
  check(params_);
  uint64_t seed = params_.seed;
  for (uint64_t& s : state_) s = splitmix64(seed);
}

double Sampler::random() {
  const uint64_t result = rotate(state_[0] + state_[3], 23) + state_[0];
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = rotate(state_[3], 45);
  return static_cast<double>(result >> 11) * 0x1p-53;
}

TokenId argmax(std::span<const float> logits) noexcept {
  return static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

// logits_ <- logits with bias and penalties.
void Sampler::adjust(std::span<const float> logits, std::span<const TokenId> history) {
  logits_.assign(logits.begin(), logits.end());
  const auto valid = [&](TokenId t) { return t >= 0 && static_cast<size_t>(t) < logits_.size(); };
  for (const LogitBias& b : params_.bias)
    if (valid(b.token)) logits_[static_cast<size_t>(b.token)] += b.bias;
  const bool penalties =
      params_.repetition_penalty != 1 || params_.presence_penalty != 0 || params_.frequency_penalty != 0;
  if (penalties && params_.penalty_window != 0) {
    if (params_.penalty_window > 0)
      history = history.last(std::min(history.size(), static_cast<size_t>(params_.penalty_window)));
    counts_.resize(logits_.size());
    for (const TokenId t : history)
      if (valid(t)) ++counts_[static_cast<size_t>(t)];
    for (const TokenId t : history) {
      if (!valid(t) || counts_[static_cast<size_t>(t)] == 0) continue;
      float& logit = logits_[static_cast<size_t>(t)];
      logit = logit > 0 ? logit / params_.repetition_penalty : logit * params_.repetition_penalty;
      logit -=
          params_.presence_penalty + params_.frequency_penalty * static_cast<float>(counts_[static_cast<size_t>(t)]);
      counts_[static_cast<size_t>(t)] = 0;
    }
  }
  for (const TokenId t : params_.suppress)
    if (valid(t)) logits_[static_cast<size_t>(t)] = kNever;
}

// candidates_ <- the best top_k tokens, best first. Without top_k, those within reach: below e^-40 of the best token no
// f32 probability is left.
void Sampler::keep_top_k() {
  constexpr float kReach = 40;
  const float top = *std::max_element(logits_.begin(), logits_.end());
  const float floor = top - kReach * std::max(params_.temperature, 1e-6f);
  candidates_.clear();
  for (size_t i = 0; i < logits_.size(); ++i)
    if (logits_[i] >= floor && logits_[i] > kNever) candidates_.push_back({logits_[i], static_cast<TokenId>(i)});
  const auto better = [](const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  };
  const size_t n =
      params_.top_k > 0 ? std::min(candidates_.size(), static_cast<size_t>(params_.top_k)) : candidates_.size();
  std::partial_sort(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(n), candidates_.end(),
                    better);
  candidates_.resize(n);
}

void Sampler::softmax() {
  double sum = 0;
  for (Candidate& c : candidates_) {
    c.p = std::exp((c.logit - candidates_[0].logit) / params_.temperature);
    sum += c.p;
  }
  for (Candidate& c : candidates_) c.p = static_cast<float>(c.p / sum);
}

// Locally typical sampling: the tokens whose surprise is nearest to the entropy, up to typical_p of the mass.
void Sampler::keep_typical() {
  if (params_.typical_p >= 1) return;
  double entropy = 0;
  for (const Candidate& c : candidates_)
    if (c.p > 0) entropy -= c.p * std::log(double{c.p});
  const auto distance = [&](const Candidate& c) {
    return c.p > 0 ? std::fabs(-std::log(double{c.p}) - entropy) : INFINITY;
  };
  std::stable_sort(candidates_.begin(), candidates_.end(),
                   [&](const Candidate& a, const Candidate& b) { return distance(a) < distance(b); });
  double mass = 0;
  size_t n = 0;
  while (n < candidates_.size() && (n == 0 || mass < params_.typical_p)) mass += candidates_[n++].p;
  candidates_.resize(n);
  std::sort(candidates_.begin(), candidates_.end(),
            [](const Candidate& a, const Candidate& b) { return a.p != b.p ? a.p > b.p : a.token < b.token; });
  softmax();
}

void Sampler::keep_top_p() {
  if (params_.top_p >= 1) return;
  double mass = 0;
  size_t n = 0;
  while (n < candidates_.size() && (n == 0 || mass < params_.top_p)) mass += candidates_[n++].p;
  candidates_.resize(n);
}

void Sampler::keep_min_p() {
  const float floor = params_.min_p * candidates_[0].p;
  while (candidates_.size() > 1 && candidates_.back().p < floor) candidates_.pop_back();
}

TokenId Sampler::sample(std::span<const float> logits, std::span<const TokenId> history) {
  adjust(logits, history);
  if (params_.temperature == 0) return argmax(logits_);
  keep_top_k();
  if (candidates_.empty()) return argmax(logits);
  softmax();
  keep_typical();
  keep_top_p();
  keep_min_p();
  double mass = 0;
  for (const Candidate& c : candidates_) mass += c.p;
  double at = random() * mass;
  for (const Candidate& c : candidates_)
    if ((at -= c.p) < 0) return c.token;
  return candidates_.back().token;
}

Logprobs logprobs(std::span<const float> logits, TokenId token, int n) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float x : logits) sum += std::exp(x - top);
  const double offset = top + std::log(sum);
  const auto entry = [&](TokenId t) {
    return TokenLogprob{t, static_cast<float>(logits[static_cast<size_t>(t)] - offset)};
  };
  Logprobs out{entry(token), {}};
  if (n <= 0) return out;
  std::vector<TokenId> ids(logits.size());
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<TokenId>(i);
  const auto count = static_cast<std::ptrdiff_t>(std::min(ids.size(), static_cast<size_t>(std::max(0, n))));
  std::partial_sort(ids.begin(), ids.begin() + count, ids.end(), [&](TokenId a, TokenId b) {
    const float x = logits[static_cast<size_t>(a)], y = logits[static_cast<size_t>(b)];
    return x != y ? x > y : a < b;
  });
  for (std::ptrdiff_t i = 0; i < count; ++i) out.top.push_back(entry(ids[static_cast<size_t>(i)]));
  return out;
}

}  // namespace facet::runtime
