#include "runtime/sampler.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"

namespace facet::runtime {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();
constexpr float kLargestBias = 1e6f;
constexpr float kReach = 40;  // below e^-40 of the best token no f32 probability is left
constexpr const char* kNothingLeft =
    "no token is left to choose: all are suppressed, have a bias of -infinity, or are not allowed here";

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

// NaN becomes -infinity, and +infinity a number.
float cleaned(float logit) {
  constexpr float kMost = std::numeric_limits<float>::max();
  const float x = logit > kNever ? logit : kNever;
  return x < kMost ? x : kMost;
}

template <class Take>
void for_each_token(const constraint::TokenMask& mask, Take&& take) {
  const std::span<const uint64_t> words = mask.words();
  for (size_t w = 0; w < words.size(); ++w)
    for (uint64_t bits = words[w]; bits != 0; bits &= bits - 1)
      take(w * 64 + static_cast<size_t>(std::countr_zero(bits)));
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
  for (const LogitBias& b : p.bias)
    if (!(b.bias <= kLargestBias))
      throw_error<RequestError>("the bias of token {} is {}, expected a number of at most {}", b.token, b.bias,
                                kLargestBias);
}

Sampler::Sampler(SamplingParams params, std::shared_ptr<SamplerTables> tables)
    : params_(std::move(params)), tables_(tables ? std::move(tables) : std::make_shared<SamplerTables>()) {
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

// The logits with bias, penalties and suppression. What is not among the few stays as it was.
void Sampler::adjust(std::span<const float> logits, std::span<const TokenId> history,
                     const constraint::TokenMask* few) {
  tables_->logits.resize(logits.size());
  if (few != nullptr)
    for_each_token(*few, [&](size_t i) { tables_->logits[i] = cleaned(logits[i]); });
  else
    for (size_t i = 0; i < logits.size(); ++i) tables_->logits[i] = cleaned(logits[i]);
  for (const LogitBias& b : params_.bias)
    if (is_valid(b.token)) tables_->logits[static_cast<size_t>(b.token)] += b.bias;
  penalize(history);
  for (const TokenId t : params_.suppress)
    if (is_valid(t)) tables_->logits[static_cast<size_t>(t)] = kNever;
}

bool Sampler::penalizes() const noexcept {
  return params_.repetition_penalty != 1 || params_.presence_penalty != 0 || params_.frequency_penalty != 0;
}

void Sampler::penalize(std::span<const TokenId> history) {
  if (!penalizes()) return;
  if (params_.penalty_window >= 0)
    history = history.last(std::min(history.size(), static_cast<size_t>(params_.penalty_window)));
  tables_->counts.resize(tables_->logits.size());
  for (const TokenId t : history)
    if (is_valid(t)) ++tables_->counts[static_cast<size_t>(t)];
  for (const TokenId t : history) {
    if (!is_valid(t)) continue;
    const int n = std::exchange(tables_->counts[static_cast<size_t>(t)], 0);
    if (n == 0) continue;  // done at its first place
    float& logit = tables_->logits[static_cast<size_t>(t)];
    logit = logit > 0 ? logit / params_.repetition_penalty : logit * params_.repetition_penalty;
    logit -= params_.presence_penalty + params_.frequency_penalty * static_cast<float>(n);
  }
}

// Most words of a mask have all of their tokens or none.
void Sampler::forbid_others(const constraint::TokenMask& allowed) {
  const std::span<const uint64_t> words = allowed.words();
  for (size_t w = 0; w < words.size(); ++w) {
    if (words[w] == ~uint64_t{0}) continue;
    const size_t begin = w * 64, end = std::min(begin + 64, tables_->logits.size());
    for (size_t i = begin; i < end; ++i)
      if ((words[w] >> (i - begin) & 1) == 0) tables_->logits[i] = kNever;
  }
  for (size_t i = words.size() * 64; i < tables_->logits.size(); ++i) tables_->logits[i] = kNever;
}

// candidates <- the best top_k tokens, best first. Without top_k, all within reach in any order.
void Sampler::pick() {
  float top = tables_->top.scan(chosen_);
  constexpr float kAlways = -kNever;  // cleaned to the largest number
  if (top == kAlways && chosen_.data() != tables_->logits.data()) {
    adjust(chosen_, {}, nullptr);
    top = tables_->top.scan(chosen_ = tables_->logits);
  }
  const float floor = top - kReach * std::max(params_.temperature, 1e-6f);
  if (params_.top_k > 0)
    tables_->top.find_scanned(chosen_, static_cast<size_t>(params_.top_k), floor, tables_->candidates);
  else
    TopTokens::find_all(chosen_, floor, tables_->candidates);
}

void Sampler::list(const constraint::TokenMask& few) {
  tables_->candidates.clear();
  for_each_token(few, [this](size_t i) {
    if (tables_->logits[i] > kNever) tables_->candidates.push_back({tables_->logits[i], static_cast<TokenId>(i)});
  });
}

void Sampler::pick_of(const constraint::TokenMask& few) {
  list(few);
  const auto n = static_cast<size_t>(params_.top_k);
  if (n == 0 || tables_->candidates.size() <= n) return;
  std::nth_element(tables_->candidates.begin(), tables_->candidates.begin() + params_.top_k, tables_->candidates.end(),
                   is_better);
  tables_->candidates.resize(n);
}

// The candidates and their probabilities.
void Sampler::gather(const constraint::TokenMask* few) {
  tables_->candidates.reserve(chosen_.size());
  if (few != nullptr)
    pick_of(*few);
  else
    pick();
  if (tables_->candidates.empty()) throw RequestError(kNothingLeft);
  float best = kNever;
  for (const Candidate& c : tables_->candidates) best = std::max(best, c.logit);
  double sum = 0;
  for (Candidate& c : tables_->candidates) sum += c.p = std::exp((c.logit - best) / params_.temperature);
  for (Candidate& c : tables_->candidates) c.p = static_cast<float>(c.p / sum);
}

void Sampler::normalize() {
  double sum = 0;
  for (const Candidate& c : tables_->candidates) sum += c.p;
  for (Candidate& c : tables_->candidates) c.p = static_cast<float>(c.p / sum);
}

// Keeps the first candidates in the order `before` until they have `mass`. Sorts no further than it must.
template <class Before>
void Sampler::keep_mass(double mass, Before&& before) {
  constexpr size_t kFirst = 256, kGrowth = 8;
  const auto at = [this](size_t n) { return tables_->candidates.begin() + static_cast<std::ptrdiff_t>(n); };
  double sum = 0;
  size_t n = 0;
  for (size_t end = kFirst; n < tables_->candidates.size() && (n == 0 || sum < mass); end *= kGrowth) {
    end = std::min(end, tables_->candidates.size());
    std::nth_element(at(n), at(end - 1), tables_->candidates.end(), before);
    std::sort(at(n), at(end), before);
    while (n < end && (n == 0 || sum < mass)) sum += tables_->candidates[n++].p;
  }
  tables_->candidates.resize(n);
}

// Locally typical sampling: the tokens whose surprise is nearest to the entropy.
void Sampler::keep_typical() {
  if (params_.typical_p >= 1) return;
  double entropy = 0;
  for (const Candidate& c : tables_->candidates)
    if (c.p > 0) entropy -= c.p * std::log(double{c.p});
  // The logit's place is taken by the distance; it is not needed any more.
  for (Candidate& c : tables_->candidates)
    c.logit = c.p > 0 ? static_cast<float>(std::fabs(-std::log(double{c.p}) - entropy)) : -kNever;
  keep_mass(params_.typical_p, [](const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit < b.logit : a.p != b.p ? a.p > b.p : a.token < b.token;
  });
  normalize();
}

void Sampler::keep_top_p() {
  if (params_.top_p >= 1) return;
  keep_mass(params_.top_p,
            [](const Candidate& a, const Candidate& b) { return a.p != b.p ? a.p > b.p : a.token < b.token; });
}

void Sampler::keep_min_p() {
  if (params_.min_p <= 0) return;
  float best = 0;
  for (const Candidate& c : tables_->candidates) best = std::max(best, c.p);
  std::erase_if(tables_->candidates, [floor = params_.min_p * best](const Candidate& c) { return c.p < floor; });
}

TokenId Sampler::draw() {
  double mass = 0;
  for (const Candidate& c : tables_->candidates) mass += c.p;
  double at = random() * mass;
  for (const Candidate& c : tables_->candidates)
    if ((at -= c.p) < 0) return c.token;
  return tables_->candidates.back().token;
}

size_t Sampler::table_bytes(size_t n_vocab) noexcept {
  return n_vocab * (sizeof(float) + sizeof(Candidate) + sizeof(int)) + TopTokens::table_bytes(n_vocab);
}

// Of equals the lowest id.
TokenId Sampler::best(const constraint::TokenMask* few) {
  if (few == nullptr) {
    const TokenId token = argmax(chosen_);
    if (!(chosen_[static_cast<size_t>(token)] > kNever)) throw RequestError(kNothingLeft);
    return token;
  }
  list(*few);
  if (tables_->candidates.empty()) throw RequestError(kNothingLeft);
  return std::min_element(tables_->candidates.begin(), tables_->candidates.end(), is_better)->token;
}

TokenId Sampler::sample(std::span<const float> logits, std::span<const TokenId> history,
                        const constraint::TokenMask* allowed) {
  constexpr size_t kSmallPart = 16;  // of a vocabulary: below this looking tokens up is faster than passing over all
  assert(allowed == nullptr || allowed->size() <= logits.size());
  const bool are_few = allowed != nullptr && allowed->count() < logits.size() / kSmallPart;
  const constraint::TokenMask* few = are_few ? allowed : nullptr;
  if (allowed == nullptr && params_.bias.empty() && params_.suppress.empty() && !penalizes()) {
    chosen_ = logits;
  } else {
    adjust(logits, history, few);
    if (allowed != nullptr && !are_few) forbid_others(*allowed);
    chosen_ = tables_->logits;
  }
  if (params_.temperature == 0) return best(few);
  gather(few);
  keep_typical();
  keep_top_p();
  keep_min_p();
  return draw();
}

}  // namespace facet::runtime
