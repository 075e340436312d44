#include "runtime/output_rules.h"

#include <algorithm>
#include <cassert>

namespace facet::runtime {
namespace {

using constraint::TokenMask;

// Have no place in any answer.
constexpr std::string_view kNeverInAnswers[] = {"<|tool>", "<tool|>", "<tool_response|>", "<|think|>", "<|turn>"};
// Come where a grammar asks for them.
constexpr std::string_view kCallControls[] = {"<|tool_call>", "<tool_call|>", "<|\"|>"};

TokenMask all_tokens(size_t n) {
  TokenMask mask(n);
  std::ranges::fill(mask.words(), ~uint64_t{0});
  if (n % 64 != 0) mask.words().back() >>= 64 - n % 64;
  return mask;
}

void remove(TokenMask& mask, const text::Tokenizer& tokenizer, std::span<const std::string_view> names) {
  for (const std::string_view name : names)
    if (const auto id = tokenizer.find(name)) mask.remove(*id);
}

bool ends_sentence(std::string_view bytes) {
  constexpr std::string_view kEnds[] = {".", "!", "?", "\n", "。", "！", "？"};
  return std::ranges::any_of(kEnds, [&](std::string_view end) { return bytes.ends_with(end); });
}

}  // namespace

std::optional<int> thought_budget(std::string_view effort) noexcept {
  struct Level {
    std::string_view name;
    int n_tokens;
  };
  static constexpr Level kLevels[] = {{"minimal", 128}, {"low", 512},  {"medium", 2048},
                                      {"high", 8192},   {"xhigh", -1}, {"max", -1}};
  for (const Level& level : kLevels)
    if (effort == level.name) return level.n_tokens;
  return {};
}

OutputGuide::OutputGuide(const OutputRules& rules, const Engine& engine, int max_tokens)
    : rules_(rules),
      tokenizer_(engine.tokenizer()),
      grace_(std::min(max_tokens / 4, 16)),
      max_tokens_(max_tokens),
      text_(all_tokens(static_cast<size_t>(tokenizer_.n_tokens()))) {
  if (rules_.grammar) grammar_.emplace(rules_.grammar, engine);
  thought_end_ = max_tokens - reserve() - grace_;
  if (!rules_.is_chat) return;
  remove(text_, tokenizer_, kNeverInAnswers);
  remove(text_, tokenizer_, kCallControls);
  const auto begin = tokenizer_.find("<|channel>"), end = tokenizer_.find("<channel|>");
  if (!begin || !end) return;
  channel_begin_ = *begin;
  channel_end_ = *end;
  text_.remove(channel_begin_);
  thought_ = text_;
  text_.remove(channel_end_);
  for (const TokenId t : engine.defaults().stop_tokens) thought_.remove(t);
  if (rules_.thought == OutputRules::Thought::Open) phase_ = Phase::Thought;
}

// A thought leaves room for the shortest answer, if there is as much.
int OutputGuide::reserve() {
  if (rules_.answer_reserve >= 0) return rules_.answer_reserve;
  const int usual = std::min(max_tokens_ / 4, 512);
  if (!grammar_ || rules_.thought == OutputRules::Thought::Forbidden) return usual;
  const auto shortest = static_cast<int>(grammar_->tokens_to_end().value_or(0));
  return shortest < max_tokens_ ? std::max(usual, shortest + 1) : usual;  // the thought's end is a token too
}

// A thought comes first, or where nothing is asked of the answer.
bool OutputGuide::may_think() const {
  const bool is_place = phase_ == Phase::Start || (phase_ == Phase::Answer && !grammar_);
  return is_place && channel_begin_ >= 0 && rules_.thought != OutputRules::Thought::Forbidden &&
         (rules_.thought_budget < 0 || n_thought_ < rules_.thought_budget) && n_taken_ < thought_end_;
}

bool OutputGuide::must_stop_thinking() const {
  int over = n_taken_ - thought_end_;
  if (rules_.thought_budget >= 0) over = std::max(over, n_thought_ - rules_.thought_budget);
  return over >= grace_ || (over >= 0 && last_ >= 0 && ends_sentence(tokenizer_.piece(last_)));
}

const TokenMask& OutputGuide::allowed() {
  if (phase_ == Phase::Thought) return thought_;
  const TokenMask& answer = grammar_ ? grammar_->allowed() : text_;
  if (!may_think()) return answer;
  mask_ = answer;
  mask_.add(channel_begin_);
  return mask_;
}

bool OutputGuide::leads_nowhere(TokenId token) {
  const bool is_thought = phase_ == Phase::Thought || (token == channel_begin_ && may_think());
  return !is_thought && grammar_ && grammar_->leads_nowhere(token);
}

std::vector<TokenId> OutputGuide::find_forced() {
  if (phase_ == Phase::Thought) return must_stop_thinking() ? std::vector{channel_end_} : std::vector<TokenId>();
  return grammar_ && !may_think() ? grammar_->forced() : std::vector<TokenId>();
}

std::span<const TokenId> OutputGuide::forced() {
  if (!forced_is_known_) {
    forced_ = find_forced();
    n_forced_taken_ = 0;
    forced_is_known_ = true;
  }
  return std::span(forced_).subspan(n_forced_taken_);
}

bool OutputGuide::leaves_room(TokenId token) {
  const bool is_thought = phase_ == Phase::Thought || (token == channel_begin_ && may_think());
  return is_thought || !grammar_ || grammar_->leaves_room(token, max_tokens_ - n_taken_ - 1);
}

const TokenMask& OutputGuide::closing() {
  is_closing_ = true;
  return grammar_->closing(max_tokens_ - n_taken_ - 1);
}

bool OutputGuide::was_closed() { return is_closing_ && grammar_->may_end(); }

bool OutputGuide::end_soon() {
  if (phase_ == Phase::Thought) {
    rules_.thought_budget = n_thought_;
    forced_is_known_ = false;
    return false;
  }
  if (!grammar_ || grammar_->may_end()) return true;
  if (const auto shortest = grammar_->tokens_to_end())
    max_tokens_ = std::min(max_tokens_, n_taken_ + static_cast<int>(*shortest));
  return false;
}

size_t OutputGuide::n_allowed(std::span<const TokenId> guess) {
  if (phase_ != Phase::Thought && grammar_) return grammar_->n_allowed(guess);
  const TokenMask& mask = allowed();
  return static_cast<size_t>(std::ranges::find_if(guess, [&](TokenId t) { return !mask.has(t); }) - guess.begin());
}

void OutputGuide::take(TokenId token) {
  ++n_taken_;
  last_ = token;
  const bool is_as_forced = forced_is_known_ && !forced().empty() && token == forced().front();
  forced_is_known_ = is_as_forced && ++n_forced_taken_ < forced_.size();
  if (phase_ == Phase::Thought) {
    ++n_thought_;
    if (token == channel_end_) phase_ = Phase::Answer;
  } else if (token == channel_begin_ && may_think()) {
    phase_ = Phase::Thought;
  } else {
    phase_ = Phase::Answer;
    if (grammar_) grammar_->take(token);
  }
}

}  // namespace facet::runtime
