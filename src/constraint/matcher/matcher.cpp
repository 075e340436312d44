#include "constraint/matcher/matcher.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "constraint/matcher/automaton.h"
#include "constraint/matcher/closing.h"
#include "constraint/matcher/endings.h"
#include "constraint/matcher/mask_cache.h"

namespace facet::constraint {
namespace {

// What is remembered of a grammar, beside its expressions; then it is forgotten, and texts read themselves again.
constexpr size_t kMaxRemembered = 12u << 20;

Grammar finished(Grammar grammar) {
  grammar.finish();
  return grammar;
}

}  // namespace

class SharedAutomaton {
 public:
  explicit SharedAutomaton(Grammar grammar) : automaton_(std::make_unique<Automaton>(finished(std::move(grammar)))) {
    automaton_->regexes().keep();
    set_least();
    const Grammar& kept = automaton_->store().grammar;
    for (NodeId node = 0; node < kept.size(); ++node)
      has_differing_items_ |= kept.node(node).kind == Grammar::Kind::Array && kept.array_of(kept.node(node)).unique;
  }

  std::mutex mutex;

  Automaton& automaton() { return *automaton_; }
  MaskCache& masks(const std::shared_ptr<const TokenTable>& tokens) { return caches(tokens).masks; }
  Closing& closing(const std::shared_ptr<const TokenTable>& tokens) {
    auto& closing = caches(tokens).closing;
    if (!closing) {
      if (!endings_) {
        endings_ = std::make_unique<Endings>(*automaton_);
        set_least();
      }
      closing = std::make_unique<Closing>(*automaton_, *endings_, *tokens);
    }
    return *closing;
  }
  uint64_t epoch() const noexcept { return epoch_; }
  bool has_differing_items() const noexcept { return has_differing_items_; }

  size_t n_remembered() const {
    size_t n = automaton_->n_bytes();
    if (endings_) n += endings_->n_bytes();
    for (const auto& caches : caches_)
      n += caches->masks.n_bytes() + (caches->closing ? caches->closing->n_bytes() : 0);
    return n;
  }

  // What a grammar, the text that is being read and the distances to its end need by themselves cannot be forgotten.
  void set_least() {
    least_ = std::max(least_, n_remembered());
    least_made_ = std::max(least_made_, automaton_->regexes().n_made());
  }

  void limit() {
    // Expressions have a limit of their own: half of what it leaves beside those that are needed.
    const Regexes& regexes = automaton_->regexes();
    const bool is_crowded = regexes.n_made() > (least_made_ + regexes.max_made()) / 2;
    if (!is_crowded && n_remembered() < std::max(kMaxRemembered, 2 * least_)) return;
    caches_.clear();
    endings_.reset();
    Grammar grammar = std::move(*automaton_).release();
    grammar.regexes().forget();
    automaton_ = std::make_unique<Automaton>(std::move(grammar));
    ++epoch_;
  }

 private:
  // What is known of one vocabulary.
  struct Caches {
    std::shared_ptr<const TokenTable> tokens;
    MaskCache masks;
    std::unique_ptr<Closing> closing;  // where somebody has asked
  };

  Caches& caches(const std::shared_ptr<const TokenTable>& tokens) {
    for (const auto& caches : caches_)
      if (caches->tokens == tokens) return *caches;
    return *caches_.emplace_back(new Caches{tokens, MaskCache(*automaton_, *tokens), nullptr});
  }

  std::unique_ptr<Automaton> automaton_;
  std::vector<std::unique_ptr<Caches>> caches_;
  std::unique_ptr<Endings> endings_;
  uint64_t epoch_ = 0;
  size_t least_ = 0, least_made_ = 0;
  bool has_differing_items_ = false;
};

CompiledGrammar::CompiledGrammar(Grammar grammar) : shared_(std::make_unique<SharedAutomaton>(std::move(grammar))) {}
CompiledGrammar::~CompiledGrammar() = default;

size_t CompiledGrammar::n_bytes() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->n_remembered() + shared_->automaton().regexes().n_bytes();
}

size_t CompiledGrammar::n_states() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->automaton().n_states();
}

size_t CompiledGrammar::n_expressions() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->automaton().regexes().size();
}

Matcher::Matcher(std::shared_ptr<const CompiledGrammar> grammar, std::shared_ptr<const TokenTable> tokens)
    : grammar_(std::move(grammar)), tokens_(std::move(tokens)) {
  const std::lock_guard lock(grammar_->shared_->mutex);
  epoch_ = grammar_->shared_->epoch();
  marks_.push_back({grammar_->shared_->automaton().start(), 0});
}

// The states may be those of an automaton that has been forgotten: the text is read again.
void Matcher::catch_up() {
  SharedAutomaton& shared = *grammar_->shared_;
  shared.limit();
  if (epoch_ == shared.epoch()) return;
  Automaton& automaton = shared.automaton();
  std::vector<Mark> marks = marks_;
  marks[0].state = automaton.start();
  for (size_t i = 1; i < marks.size(); ++i) {
    const auto token = std::string_view(text_).substr(marks[i - 1].n_bytes, marks[i].n_bytes - marks[i - 1].n_bytes);
    marks[i].state = automaton.step(marks[i - 1].state, token);
  }
  marks_ = std::move(marks);
  epoch_ = shared.epoch();
  shared.set_least();
}

void Matcher::mask(TokenMask& mask) {
  if (mask.size() != tokens_->n_tokens()) mask = TokenMask(tokens_->n_tokens());
  const std::lock_guard lock(grammar_->shared_->mutex);
  catch_up();
  bool any = grammar_->shared_->masks(tokens_).fill(marks_.back().state, mask);
  if (grammar_->shared_->automaton().may_end(marks_.back().state))
    for (const TokenId stop : tokens_->stops()) {
      mask.add(stop);
      any = true;
    }
  if (!any) throw_nothing_follows();
}

void Matcher::throw_nothing_follows() const {
  throw_error<RequestError>("no token of the vocabulary continues \"{}\" as the grammar wants it",
                            text_.size() > 40 ? "..." + text_.substr(text_.size() - 40) : text_);
}

bool Matcher::leads_on(TokenId token) {
  SharedAutomaton& shared = *grammar_->shared_;
  if (!shared.has_differing_items() || tokens_->is_stop(token)) return true;
  const std::lock_guard lock(shared.mutex);
  catch_up();
  const StateId next = shared.automaton().step(marks_.back().state, tokens_->bytes(token));
  return shared.automaton().may_end(next) || shared.masks(tokens_).has_any(next);
}

bool Matcher::can_end_within(size_t n_tokens, std::optional<TokenId> behind) {
  if (n_tokens >= Closing::kMuchRoom) return true;
  const std::lock_guard lock(grammar_->shared_->mutex);
  catch_up();
  StateId state = marks_.back().state;
  if (behind && tokens_->is_stop(*behind)) return true;
  if (behind) state = grammar_->shared_->automaton().step(state, tokens_->bytes(*behind));
  return grammar_->shared_->closing(tokens_).fits(state, n_tokens);
}

void Matcher::closing_mask(TokenMask& mask, size_t n_tokens) {
  if (mask.size() != tokens_->n_tokens()) mask = TokenMask(tokens_->n_tokens());
  const std::lock_guard lock(grammar_->shared_->mutex);
  catch_up();
  grammar_->shared_->closing(tokens_).fill(marks_.back().state, n_tokens, mask);
  if (grammar_->shared_->automaton().may_end(marks_.back().state))
    for (const TokenId stop : tokens_->stops()) mask.add(stop);
}

std::optional<size_t> Matcher::tokens_to_end() {
  const std::lock_guard lock(grammar_->shared_->mutex);
  catch_up();
  return grammar_->shared_->closing(tokens_).n_tokens(marks_.back().state);
}

bool Matcher::accept(TokenId token) {
  if (has_ended_) return false;
  if (tokens_->is_stop(token)) return has_ended_ = may_end();
  const std::string_view bytes = tokens_->bytes(token);
  return !bytes.empty() && accept_bytes(bytes);
}

bool Matcher::accept_bytes(std::string_view bytes) {
  if (has_ended_) return false;
  const std::lock_guard lock(grammar_->shared_->mutex);
  catch_up();
  const StateId next = grammar_->shared_->automaton().step(marks_.back().state, bytes);
  if (next == kDead) return false;
  text_ += bytes;
  marks_.push_back({next, text_.size()});
  return true;
}

bool Matcher::may_end() {
  const std::lock_guard lock(grammar_->shared_->mutex);
  catch_up();
  return grammar_->shared_->automaton().may_end(marks_.back().state);
}

void Matcher::rollback(size_t n) {
  if (n >= n_tokens()) return;
  has_ended_ = false;
  marks_.resize(n + 1);
  text_.resize(marks_.back().n_bytes);
}

std::string Matcher::forced(size_t max_bytes) {
  std::string out;
  if (has_ended_) return out;
  const std::lock_guard lock(grammar_->shared_->mutex);
  catch_up();
  Automaton& automaton = grammar_->shared_->automaton();
  StateId state = marks_.back().state;
  while (out.size() < max_bytes) {
    const int byte = automaton.forced_byte(state);
    if (byte < 0) break;
    out.push_back(static_cast<char>(byte));
    state = automaton.step(state, static_cast<uint8_t>(byte));
  }
  return out;
}

}  // namespace facet::constraint
