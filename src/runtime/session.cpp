#include "runtime/session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "model/config.h"
#include "runtime/backend.h"
#include "runtime/executor.h"
#include "runtime/kv_pages.h"
#include "runtime/memory_plan.h"
#include "runtime/prefix_cache.h"

namespace facet::runtime {

struct Session::State {
  State(std::shared_ptr<const Engine> e, int n_context, std::shared_ptr<PrefixCache> c)
      : engine(std::move(e)),
        cache(std::move(c)),
        context(n_context),
        pages(engine->page_pools(), engine->kv_layout().page_tokens, engine->config().window, n_context) {
    tokens.reserve(static_cast<size_t>(n_context));
  }
  ~State() {
    try {
      publish();
    } catch (const std::exception&) {  // without memory, the cache does without
    }
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::shared_ptr<const Engine> engine;
  std::shared_ptr<PrefixCache> cache;  // or none
  int context;
  KvPages pages;
  std::vector<TokenId> tokens;
  std::vector<MediaSpan> media;  // that begin among the tokens
  int n_computed = 0;            // tokens whose keys and values are there; fewer than tokens only after a rewind
  int n_published = 0;           // of those, tokens that the cache was given or gave
  int parting = 0;               // where the tokens last parted from what was there before; 0: nowhere
  std::vector<PositionContent> contents;  // of the prompt that is being computed, where there is a cache
  std::vector<float> logits;              // after the last token; empty when not known
  std::array<std::vector<float>, kDecodeRows> bundle_logits;  // after each token of a bundle that is being taken, lent

  void check(const PromptView& prompt) const;
  void check_media(const PromptView& prompt) const;
  bool holds(const PromptView& prompt) const;
  void rewind(int n);
  void forget(int n);
  SyncResult resume(const PromptView& prompt, int common, int limit);
  struct Taken {
    int own, end;  // the first `own` positions are here, those up to `end` come from the cache
  };
  bool is_missing(model::KvGroup group, int page, const Taken& taken) const;
  bool load(std::vector<CachedPage>& cached, const Taken& taken) const;
  int adopt(const std::vector<CachedPage>& cached, const Taken& taken);
  void publish();
  void publish_chunk(int begin, std::span<const int> boundaries);
  SyncResult prepare(const PromptView& prompt, int keep_at_most);
  int chunk_end(const PromptView& all, int most) const;
  int whole_media_end(const PromptView& all, int end) const;
  void compute(const PromptView& all, int first_wanted, const SyncOptions& options, const Executor::Visit& visit,
               Executor::Output output = Executor::Output::Logits);
  WorkItem open_chunk(const PromptView& all, int end, int first_wanted);
  void close_chunk(const PromptView& all, int end, std::span<const int> boundaries);
  void check_append(std::span<const TokenId> more) const;
  WorkItem open_rows(std::span<const TokenId> more);
  void take(TokenId token);
  void take_while(Bundle& bundle);
  void return_rows() noexcept;
};

void Session::State::check(const PromptView& prompt) const {
  const auto new_tokens = prompt.tokens;
  if (new_tokens.empty()) throw RequestError("there is no token to compute: a prompt needs at least one");
  if (new_tokens.size() > static_cast<size_t>(context))
    throw_error<RequestError>(
        "the prompt has {} tokens, {} more than the context of {}: shorten it or ask for a larger context",
        new_tokens.size(), new_tokens.size() - static_cast<size_t>(context), context);
  const int n_vocab = engine->config().n_vocab;
  for (size_t i = 0; i < new_tokens.size(); ++i)
    if (new_tokens[i] < 0 || new_tokens[i] >= n_vocab)
      throw_error<RequestError>("token {} at position {} is outside the vocabulary of {}", new_tokens[i], i, n_vocab);
  check_media(prompt);
}

void Session::State::check_media(const PromptView& prompt) const {
  int last = 0;
  for (const MediaSpan& span : prompt.media) {
    const Embedding& e = *span.embedding;
    if (e.n_cols != engine->config().n_embd)
      throw_error<RequestError>("media of another model: their embeddings have {} columns, this model's {}", e.n_cols,
                                engine->config().n_embd);
    if (span.position < last || span.end() > static_cast<int>(prompt.tokens.size()))
      throw_error<RequestError>("the medium at position {} takes {} places, which are not there", span.position,
                                e.n_rows);
    if (e.is_bidirectional && e.n_rows > engine->executor().max_rows())
      throw_error<RequestError>("a picture of {} tokens is more than the {} that are computed together", e.n_rows,
                                engine->executor().max_rows());
    last = span.end();
  }
}

bool Session::State::holds(const PromptView& prompt) const {
  return std::ranges::equal(tokens, prompt.tokens) && std::ranges::equal(media, prompt.media);
}

// Forgets everything from token n on; computing has to start again there or before.
void Session::State::rewind(int n) {
  logits.clear();
  if (n >= n_computed) return;
  n_computed = pages.resumable(n, n_computed, {});
  for (int whole; (whole = before_medium(media, n_computed)) < n_computed;)
    n_computed = pages.resumable(whole, n_computed, {});
  pages.truncate(n_computed);
  n_published = std::min(n_published, n_computed);
}

// Tokens from n on, and the media that begin there.
void Session::State::forget(int n) {
  tokens.resize(static_cast<size_t>(n));
  std::erase_if(media, [n](const MediaSpan& span) { return span.position >= n; });
}

// The beginning of `prompt` that need not be computed becomes the timeline, at most `limit` tokens of it; `common` of
// them agree with what is here. What the cache finds damaged it does not find again.
SyncResult Session::State::resume(const PromptView& prompt, int common, int limit) {
  while (true) {
    std::vector<CachedPage> cached;
    if (cache != nullptr) cached = cache->find(std::span(contents).first(static_cast<size_t>(limit)));
    std::vector<int> local_rows;
    int known = 0;
    for (const CachedPage& page : cached) {
      known += page.n_tokens;
      local_rows.push_back(page.n_local);
    }
    known = before_medium(prompt.media, std::max(common, known));
    const int length = std::min(common, n_computed);
    int begin = pages.resumable(known, length, local_rows);
    for (int whole; (whole = before_medium(prompt.media, begin)) < begin;)
      begin = pages.resumable(whole, length, local_rows);
    const Taken taken{std::min(begin, length), begin};
    if (!load(cached, taken)) continue;
    const int n_disk = adopt(cached, taken), n = static_cast<int>(prompt.tokens.size());
    tokens.assign(prompt.tokens.begin(), prompt.tokens.begin() + begin);
    media.assign(prompt.media.begin(), prompt.media.end());
    forget(begin);
    n_computed = n_published = begin;
    return {begin, n - begin, known - begin, begin - taken.own, n_disk};
  }
}

// Whether the state of positions of a page has to come from the cache.
bool Session::State::is_missing(model::KvGroup group, int page, const Taken& t) const {
  const int size = engine->kv_layout().page_tokens, end = std::min(t.end, (page + 1) * size);
  if (group == model::KvGroup::Global) return end > t.own;
  const int window_begin = std::max(0, t.end - engine->config().window + 1);
  return end > window_begin && (end > t.own || !pages.page(model::KvGroup::Local, page));
}

bool Session::State::load(std::vector<CachedPage>& cached, const Taken& t) const {
  for (size_t i = 0; i < cached.size(); ++i) {
    const int page = static_cast<int>(i);
    if (page * engine->kv_layout().page_tokens >= t.end) break;
    for (const auto group : {model::KvGroup::Global, model::KvGroup::Local})
      if (is_missing(group, page, t) && !cache->load(cached[i], group)) return false;
  }
  return true;
}

// Returns how many tokens' state was read from disk.
int Session::State::adopt(const std::vector<CachedPage>& cached, const Taken& t) {
  int n_disk = 0;
  pages.truncate(t.own);
  for (size_t i = 0; i < cached.size(); ++i) {
    const int page = static_cast<int>(i), first = page * engine->kv_layout().page_tokens;
    if (first >= t.end) break;
    for (const auto group : {model::KvGroup::Global, model::KvGroup::Local})
      if (is_missing(group, page, t)) pages.adopt(group, page, cached[i].pages[static_cast<size_t>(group)]);
    if (cached[i].is_from_disk) n_disk += std::max(0, std::min(t.end - first, cached[i].n_tokens));
  }
  return n_disk;
}

// Drops what does not agree with the prompt; computing goes on at n_computed. Where timelines part, others will part
// too (a system prompt and its questions), so the place is kept ready to resume from.
SyncResult Session::State::prepare(const PromptView& prompt, int keep_at_most) {
  const int old_n = static_cast<int>(tokens.size()), n = static_cast<int>(prompt.tokens.size());
  const int same = common_prefix({tokens, media}, prompt);
  const bool part = same < old_n && same < n;
  publish();
  logits.clear();
  if (cache != nullptr) contents = position_contents(prompt);
  const SyncResult result = resume(prompt, before_medium(prompt.media, std::min(same, keep_at_most)), keep_at_most);
  parting = part || result.n_recomputed > 0 ? result.n_reused + result.n_recomputed : 0;
  return result;
}

// The tokens that were appended, and the place where they end.
void Session::State::publish() {
  if (cache == nullptr || n_published >= n_computed) return;
  const auto text = position_contents({std::span(tokens).first(static_cast<size_t>(n_computed)), media});
  cache->publish(text, pages, {&n_computed, 1}, true);
  n_published = n_computed;
}

// Computed tokens of a prompt from `begin` on, before any local page of theirs is let go of.
void Session::State::publish_chunk(int begin, std::span<const int> boundaries) {
  if (cache == nullptr) return;
  const bool is_end = static_cast<size_t>(n_computed) == contents.size();
  const int size = engine->kv_layout().page_tokens;
  std::vector<int> here;
  const auto add = [&](int b) {
    if (b > begin - size && b <= n_computed) here.push_back(b);  // its page is given once it is whole
  };
  std::for_each(boundaries.begin(), boundaries.end(), add);
  if (parting > 0) add(parting);
  if (is_end) add(n_computed);
  cache->publish(std::span(contents).first(static_cast<size_t>(n_computed)), pages, here, is_end);
  if (is_end) n_published = n_computed;  // else what comes of the rest decides where it ends
}

// Pieces as small as a decode step's would be computed as one, and results would depend on where a prompt is cut: none
// is made of a larger prompt.
int Session::State::chunk_end(const PromptView& all, int most) const {
  const int n = static_cast<int>(all.tokens.size());
  const int end = whole_media_end(all, std::min(n, n_computed + most));
  const int left = n - end;
  if (most <= kDecodeRows || left == 0 || left > kDecodeRows) return end;
  if (n - n_computed <= engine->executor().max_rows()) return n;
  return end - n_computed > 2 * kDecodeRows ? whole_media_end(all, end - kDecodeRows) : end;
}

// A medium that is bidirectional is computed whole, with the little that may stand before it.
int Session::State::whole_media_end(const PromptView& all, int end) const {
  const int whole = before_medium(all.media, end);
  if (whole == end || whole > n_computed + kDecodeRows) return whole;
  const auto cut = std::ranges::find(all.media, whole, &MediaSpan::position);
  const bool fits = cut->end() - n_computed <= engine->executor().max_rows();
  return whole == n_computed || fits ? cut->end() : whole;
}

// Computes all from n_computed on in chunks, without logits before first_wanted. Whatever is thrown, tokens, media,
// n_computed and logits agree afterwards.
void Session::State::compute(const PromptView& all, int first_wanted, const SyncOptions& options,
                             const Executor::Visit& visit, Executor::Output output) {
  const int n = static_cast<int>(all.tokens.size()), begin = n_computed;
  forget(begin);
  logits.clear();
  try {
    while (n_computed < n) {
      const int end = chunk_end(all, engine->executor().chunk_rows());
      const WorkItem item = open_chunk(all, end, first_wanted);
      engine->executor().run(ops::StepKind::Prompt, {&item, 1}, options.cancel, visit, output);
      close_chunk(all, end, options.boundaries);
      if (options.progress) options.progress(n_computed - begin, n - begin);
    }
  } catch (...) {
    logits.clear();
    throw;
  }
}

// Rows [n_computed, end), ready to be computed.
WorkItem Session::State::open_chunk(const PromptView& all, int end, int first_wanted) {
  const int begin = n_computed;
  pages.extend(begin, end);
  const auto chunk = all.tokens.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  return {&pages, chunk, begin, std::clamp(first_wanted - begin, 0, end - begin), all.media};
}

// They were computed.
void Session::State::close_chunk(const PromptView& all, int end, std::span<const int> boundaries) {
  const int begin = n_computed;
  const auto chunk = all.tokens.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  tokens.insert(tokens.end(), chunk.begin(), chunk.end());
  for (const MediaSpan& span : all.media)
    if (begin <= span.position && span.position < end) media.push_back(span);
  n_computed = end;
  if (parting > 0 && begin <= parting && parting <= end) pages.pin_boundary(parting);
  publish_chunk(begin, boundaries);
  pages.advance(end);
}

void Session::State::check_append(std::span<const TokenId> more) const {
  const size_t room = static_cast<size_t>(context) - tokens.size();
  if (room == 0) throw_error<RequestError>("the context of {} tokens is full: nothing can be added", context);
  if (more.size() > room)
    throw_error<RequestError>("{} more tokens do not fit the context of {}, which has room for {}", more.size(),
                              context, room);
  for (const TokenId token : more)
    if (token < 0 || token >= engine->config().n_vocab)
      throw_error<RequestError>("token {} is outside the vocabulary of {}", token, engine->config().n_vocab);
}

// The next rows of the timeline, ready to be computed.
WorkItem Session::State::open_rows(std::span<const TokenId> more) {
  const int position = static_cast<int>(tokens.size());
  if (n_computed < position) {  // a rewind went behind what can be resumed
    const std::vector<TokenId> past = tokens;
    const std::vector<MediaSpan> past_media = media;
    const PromptView all{past, past_media};
    if (cache != nullptr) contents = position_contents(all);
    parting = 0;
    resume(all, n_computed, position);
    compute(all, position, {}, {});
  }
  pages.extend(position, position + static_cast<int>(more.size()));
  logits.clear();
  logits.swap(bundle_logits[0]);  // whose memory serves again
  return {&pages, more, position, 0};
}

// A row that was computed becomes part of the timeline.
void Session::State::take(TokenId token) {
  tokens.push_back(token);
  ++n_computed;
  pages.advance(n_computed);
}

Session::Session(std::shared_ptr<const Engine> engine, int context, std::shared_ptr<PrefixCache> cache) {
  assert(cache == nullptr || &cache->engine() == engine.get());
  const int limit = engine->config().context_length;
  if (context < 0 || context > limit)
    throw_error<RequestError>("a context of {} tokens was asked for; the model's own is {}", context, limit);
  const int n = context > 0 ? context : engine->context();
  if (n > engine->context()) check_fits(engine->path(), engine->plan(n), engine->options().kv);
  state_ = std::make_unique<State>(std::move(engine), n, std::move(cache));
}

Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

const Engine& Session::engine() const noexcept { return *state_->engine; }
std::span<const TokenId> Session::tokens() const noexcept { return state_->tokens; }
int Session::position() const noexcept { return static_cast<int>(state_->tokens.size()); }
int Session::context() const noexcept { return state_->context; }
std::span<const float> Session::logits() const noexcept { return state_->logits; }
void Session::publish() { state_->publish(); }
int64_t Session::kv_bytes() const noexcept { return state_->pages.bytes(); }

SyncResult Session::sync(const PromptView& prompt, const SyncOptions& options) {
  State& s = *state_;
  s.check(prompt);
  const int n = static_cast<int>(prompt.tokens.size());
  if (!s.logits.empty() && s.holds(prompt)) return {n, 0, 0, 0, 0};
  const SyncResult result = s.prepare(prompt, n - 1);
  s.compute(prompt, n - 1, options,
            [&s](size_t, int, std::span<const float> logits) { s.logits.assign(logits.begin(), logits.end()); });
  s.pages.pin_boundary(n);
  return result;
}

SyncResult Session::sync_with_logits(const PromptView& prompt, int first,
                                     const std::function<void(int, std::span<const float>)>& visit,
                                     const SyncOptions& options) {
  State& s = *state_;
  s.check(prompt);
  const int n = static_cast<int>(prompt.tokens.size());
  const int first_wanted = std::clamp(first, 0, n - 1);
  const SyncResult result = s.prepare(prompt, first_wanted);
  s.compute(prompt, first_wanted, options, [&](size_t, int position, std::span<const float> logits) {
    if (position == n - 1) s.logits.assign(logits.begin(), logits.end());
    if (position >= first) visit(position, logits);
  });
  s.pages.pin_boundary(n);
  return result;
}

SyncResult Session::sync_with_hidden_states(const PromptView& prompt, int first,
                                            const std::function<void(int, std::span<const float>)>& visit,
                                            const SyncOptions& options) {
  State& s = *state_;
  s.check(prompt);
  const int n = static_cast<int>(prompt.tokens.size());
  const SyncResult result = s.prepare(prompt, std::clamp(first, 0, n));
  s.compute(
      prompt, first, options, [&](size_t, int position, std::span<const float> state) { visit(position, state); },
      Executor::Output::States);
  s.pages.pin_boundary(n);
  return result;
}

SyncResult Session::begin_sync(const PromptView& prompt, int most_kept) {
  State& s = *state_;
  s.check(prompt);
  const int n = static_cast<int>(prompt.tokens.size());
  if (most_kept >= n && !s.logits.empty() && s.holds(prompt)) return {n, 0, 0};
  const SyncResult result = s.prepare(prompt, std::min(most_kept, n - 1));
  s.logits.clear();
  return result;
}

int Session::piece_rows(const PromptView& prompt, int most) const {
  return state_->chunk_end(prompt, most) - state_->n_computed;
}

void Session::advance_sync(std::span<const Piece> pieces, const std::atomic<bool>* cancel) {
  std::vector<WorkItem> items;
  for (const Piece& p : pieces) {
    const int first_wanted = p.visit_state ? p.first : static_cast<int>(p.prompt.tokens.size()) - 1;
    items.push_back(p.session->state_->open_chunk(p.prompt, p.session->position() + p.n_rows, first_wanted));
  }
  const bool wants_states = static_cast<bool>(pieces[0].visit_state);
  try {
    pieces[0].session->engine().executor().run(
        ops::StepKind::Prompt, items, cancel,
        [&](size_t i, int position, std::span<const float> values) {
          if (wants_states)
            pieces[i].visit_state(position, values);
          else
            pieces[i].session->state_->logits.assign(values.begin(), values.end());
        },
        wants_states ? Executor::Output::States : Executor::Output::Logits);
  } catch (...) {
    for (const Piece& p : pieces) p.session->state_->logits.clear();
    throw;
  }
  for (const Piece& p : pieces) {
    State& s = *p.session->state_;
    s.close_chunk(p.prompt, s.n_computed + p.n_rows, p.boundaries);
    if (const auto n = static_cast<int>(p.prompt.tokens.size()); n == s.n_computed) s.pages.pin_boundary(n);
  }
}

void Session::append(TokenId token) {
  Session* const self = this;
  append_batch({&self, 1}, {&token, 1});
}

void Session::append_batch(std::span<Session* const> sessions, std::span<const TokenId> tokens) {
  assert(sessions.size() == tokens.size());
  for (size_t i = 0; i < sessions.size(); ++i) sessions[i]->state_->check_append(tokens.subspan(i, 1));
  for (size_t begin = 0, n = 0; begin < sessions.size(); begin += n) {
    n = std::min(sessions.size() - begin, static_cast<size_t>(sessions[0]->engine().executor().max_decode_rows()));
    append_step(sessions.subspan(begin, n), tokens.subspan(begin, n));
  }
}

// One decode step.
void Session::append_step(std::span<Session* const> sessions, std::span<const TokenId> tokens) {
  std::array<Bundle, ops::kDecodeBatch> bundles;
  for (size_t i = 0; i < sessions.size(); ++i) bundles[i] = {sessions[i], tokens.subspan(i, 1)};
  append_bundles(std::span(bundles).first(sessions.size()));
}

int Session::max_bundle() const noexcept { return engine().executor().max_bundle(); }

int Session::append_while(std::span<const TokenId> tokens, const std::function<bool()>& goes_on) {
  Bundle bundle{this, tokens, goes_on};
  append_bundles({&bundle, 1});
  return bundle.n_taken;
}

void Session::append_bundles(std::span<Bundle> bundles) {
  std::array<WorkItem, ops::kDecodeBatch> items;
  for (const Bundle& b : bundles) b.session->state_->check_append(b.tokens);
  try {
    for (size_t i = 0; i < bundles.size(); ++i) items[i] = bundles[i].session->state_->open_rows(bundles[i].tokens);
    const auto keep_logits = [&](size_t i, int position, std::span<const float> logits) {
      const auto row = static_cast<size_t>(position - items[i].first_position);
      State& s = *bundles[i].session->state_;
      if (s.bundle_logits[row].capacity() == 0) s.bundle_logits[row] = s.engine->executor().rows().take();
      s.bundle_logits[row].assign(logits.begin(), logits.end());
    };
    const auto rows = std::span(items).first(bundles.size());
    bundles[0].session->engine().executor().run(ops::StepKind::Decode, rows, nullptr, keep_logits);
  } catch (...) {
    for (const Bundle& b : bundles) {
      b.session->state_->logits.clear();
      b.session->state_->return_rows();
    }
    throw;
  }
  struct KeepWhatIsTaken {  // even if goes_on() throws
    std::span<Bundle> bundles;
    ~KeepWhatIsTaken() {
      for (const Bundle& b : bundles) {
        b.session->state_->pages.truncate(b.session->state_->n_computed);
        b.session->state_->return_rows();
      }
    }
  } const keep{bundles};
  for (Bundle& b : bundles) b.session->state_->take_while(b);
}

// Local pages are let go of as tokens are taken, so what a token left out has written over nothing that is still
// needed.
void Session::State::take_while(Bundle& b) {
  do {
    const auto row = static_cast<size_t>(b.n_taken++);
    take(b.tokens[row]);
    logits.swap(bundle_logits[row]);
  } while ((!b.goes_on || b.goes_on()) && static_cast<size_t>(b.n_taken) < b.tokens.size());
}

void Session::State::return_rows() noexcept {
  for (std::vector<float>& row : bundle_logits) engine->executor().rows().give(std::exchange(row, {}));
}

void Session::rewind(int n) {
  assert(n >= 0 && n <= position());
  if (n == position()) return;
  n = before_medium(state_->media, n);
  state_->publish();
  state_->rewind(n);
  state_->forget(n);
}

Session Session::fork() const {
  Session other(state_->engine, state_->context, state_->cache);
  other.state_->pages = state_->pages.fork();
  other.state_->tokens = state_->tokens;
  other.state_->media = state_->media;
  other.state_->n_computed = state_->n_computed;
  other.state_->n_published = state_->n_published;
  other.state_->logits = state_->logits;
  return other;
}

}  // namespace facet::runtime
