#include "runtime/grammar_guide.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "runtime/token_table.h"
#include "text/utf8.h"

namespace facet::runtime {
namespace {

// What a search of an ending finds. It is worth no error if the grammar is too much for it.
template <class Search>
auto found_or(decltype(std::declval<Search>()()) otherwise, const Search& search) {
  try {
    return search();
  } catch (const RequestError&) {
    return otherwise;
  }
}

}  // namespace

GrammarGuide::GrammarGuide(std::shared_ptr<const constraint::CompiledGrammar> grammar, const Engine& engine)
    : tokenizer_(engine.tokenizer()),
      stops_(engine.defaults().stop_tokens),
      table_(engine.token_table()),
      controls_(grammar_controls(tokenizer_)),
      matcher_(std::move(grammar), table_),
      mask_(table_->n_tokens()) {}

const constraint::TokenMask& GrammarGuide::allowed() {
  if (!mask_is_known_) matcher_.mask(mask_);
  mask_is_known_ = true;
  return mask_;
}

bool GrammarGuide::leads_nowhere(TokenId token) {
  if (matcher_.leads_on(token)) return false;
  mask_.remove(token);
  if (mask_.count() == 0) matcher_.throw_nothing_follows();
  return true;
}

// The text may end, and has no other way to go on.
bool GrammarGuide::must_end() {
  if (!matcher_.may_end()) return false;
  mask_is_known_ = false;
  const auto n_stops = std::ranges::count_if(stops_, [&mask = allowed()](TokenId t) { return mask.has(t); });
  return mask_.count() == static_cast<size_t>(n_stops);
}

// Returns how many of them the grammar allows.
size_t GrammarGuide::accept(std::span<const TokenId> tokens) {
  size_t n = 0;
  while (n < tokens.size() && matcher_.accept(tokens[n])) ++n;
  return n;
}

// Text and control tokens as they stand. What ends inside a character is left out.
std::vector<TokenId> GrammarGuide::encode(std::string_view bytes) const {
  std::vector<TokenId> tokens;
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find(static_cast<char>(constraint::kControlByte)), bytes.size());
    std::string text(bytes.substr(0, end));
    const auto run = tokenizer_.encode(text::take_whole_characters(text), text::Specials::Forbid);
    tokens.insert(tokens.end(), run.begin(), run.end());
    if (end + 1 >= bytes.size()) break;
    const auto control = static_cast<unsigned char>(bytes[end + 1]);
    if (control >= controls_.size()) break;  // the vocabulary lacks it, which allowed() will say
    tokens.push_back(controls_[control]);
    bytes.remove_prefix(end + 2);
  }
  return tokens;
}

std::vector<TokenId> GrammarGuide::forced() {
  if (must_end()) return {*std::ranges::find_if(stops_, [this](TokenId t) { return mask_.has(t); })};
  std::vector<TokenId> tokens = encode(matcher_.forced());
  if (tokens.empty()) return tokens;
  const size_t n_before = matcher_.n_tokens();
  const size_t n = accept(tokens);
  const bool is_whole = n == tokens.size() && must_end();
  matcher_.rollback(n_before);
  mask_is_known_ = false;
  tokens.resize(n);
  // The last one may merge with what follows it, unless that is no text.
  if (!is_whole && n > 0 && !table_->bytes(tokens.back()).starts_with(static_cast<char>(constraint::kControlByte)))
    tokens.pop_back();
  return tokens;
}

bool GrammarGuide::leaves_room(TokenId token, int n_left) {
  if (is_past_ending_) return true;
  const auto n = static_cast<size_t>(std::max(n_left, 0));
  if (found_or(false, [&] { return matcher_.can_end_within(n, token); })) return true;
  const auto least = tokens_to_end();
  is_past_ending_ = !least || *least > n + 1;
  return is_past_ending_;
}

std::optional<size_t> GrammarGuide::tokens_to_end() {
  return found_or(std::optional<size_t>(), [&] { return matcher_.tokens_to_end(); });
}

const constraint::TokenMask& GrammarGuide::closing(int n_left) {
  mask_is_known_ = false;
  const auto n = static_cast<size_t>(std::max(n_left, 0)) + 1;
  is_past_ending_ = !found_or(false, [&] { return matcher_.closing_mask(mask_, n), true; });
  return is_past_ending_ ? allowed() : mask_;
}

size_t GrammarGuide::n_allowed(std::span<const TokenId> guess) {
  const size_t n_before = matcher_.n_tokens();
  const size_t n = accept(guess);
  matcher_.rollback(n_before);
  return n;
}

void GrammarGuide::take(TokenId token) {
  if (!matcher_.accept(token))
    throw RequestError("the grammar refuses a token that it allowed: this is a bug, please report the grammar");
  mask_is_known_ = false;
}

}  // namespace facet::runtime
