// One timeline: the tokens so far, their keys and values, and the logits after the last one. A session belongs to one
// thread at a time; sessions of one engine may run on different threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "runtime/engine.h"
#include "runtime/prompt.h"

namespace facet::runtime {

class PrefixCache;

struct SyncOptions {
  Progress progress;                          // tokens computed of tokens to compute
  const std::atomic<bool>* cancel = nullptr;  // looked at between layers
  // Positions of the prompt where others will part from it, as the end of each message: with a cache, a timeline that
  // agrees up to there goes on from there. The prompt's end and places where timelines have parted need not be named.
  std::span<const int> boundaries = {};
};

struct SyncResult {
  int n_reused = 0;      // tokens whose state was already there, here or in the cache
  int n_computed = 0;    // tokens computed now
  int n_recomputed = 0;  // of those, tokens that a common prefix held but whose local window was gone
  int n_cached = 0;      // of the reused ones, tokens that only the cache had
  int n_from_disk = 0;   // of those, tokens whose pages were read from disk
};

class Session {
 public:
  // context 0: the engine's. cache: of the same engine; what it knows is not computed, and what is computed it gets to
  // know. Throws RequestError beyond the model's context, ResourceError without memory.
  explicit Session(std::shared_ptr<const Engine> engine, int context = 0, std::shared_ptr<PrefixCache> cache = {});
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  const Engine& engine() const noexcept;
  std::span<const TokenId> tokens() const noexcept;
  int position() const noexcept;  // tokens().size()
  int context() const noexcept;

  // Makes the timeline equal to `prompt` (at least one token), keeping the common prefix and computing the rest;
  // afterwards logits() follow the last token. Media are told apart by their keys. RequestError when they do not fit
  // the context, saying by how much; CancelledError leaves the session at the last finished chunk.
  SyncResult sync(const PromptView& prompt, const SyncOptions& options = {});

  // sync() in pieces, for a caller that computes several timelines by turns or together. begin_sync() keeps the common
  // prefix, of at most `most_kept` tokens; position() then says how far the timeline is, and advance_sync() computes
  // more of it, until it is as long as the prompt. In between, only const functions may be called.
  SyncResult begin_sync(const PromptView& prompt, int most_kept = std::numeric_limits<int>::max());

  // The next rows of some (different) timelines of one engine, as one step. A timeline gets what it would get alone, to
  // the bit, if its piece has more than max_bundle() rows. Throws as sync() does; the timelines then are as before, but
  // for their logits.
  struct Piece;
  static void advance_sync(std::span<const Piece> pieces, const std::atomic<bool>* cancel = nullptr);

  // Rows of the prompt's next piece: about `most` of the rows missing, but no medium that is computed whole is cut, and
  // nothing is left over that would be a step like those of append().
  int piece_rows(const PromptView& prompt, int most) const;

  // Computes one more token. Throws RequestError, with nothing changed, when the context is full or the token is
  // outside the vocabulary; FormatError when the model computes what is no number, and ResourceError without memory for
  // a page: then the tokens are as before, and logits() are empty.
  void append(TokenId token);

  // One more token for each of several (different) sessions of one engine, computed together in steps of up to
  // ops::kDecodeBatch. A session's result is what append() alone gives, to the bit. Throws as append() does:
  // RequestError with no session changed; after any other error the sessions of the steps before the one that failed
  // have their token, and those of that step and of later ones have not.
  static void append_batch(std::span<Session* const> sessions, std::span<const TokenId> tokens);

  // Computes several more tokens (1 to max_bundle()) in one step and takes them one after another: whenever one was
  // taken, tokens(), position() and logits() are what append() of it gives, to the bit, and goes_on() says whether to
  // take the next. The timeline ends after the last one taken. So a guess of what comes next costs one step, whatever
  // of it turns out right. Returns how many were taken. Throws as append() does, with none taken, and what goes_on()
  // throws; the tokens taken before that stay.
  int append_while(std::span<const TokenId> tokens, const std::function<bool()>& goes_on);

  // The same for several (different) sessions of one engine in one step of up to Executor::max_decode_rows() rows, one
  // session after another. What a goes_on() throws ends the call: sessions before have taken their tokens, those behind
  // none.
  struct Bundle;
  static void append_bundles(std::span<Bundle> bundles);

  // Tokens that append_while() may be given.
  int max_bundle() const noexcept;

  // sync() that also gives logits after every token from prompt.tokens[first] on (none when first is beyond the last):
  // visit(position, logits), in order. The common prefix is kept only up to `first`. visit runs while the engine is
  // held: it must not compute with any session of the engine, and others wait for it.
  SyncResult sync_with_logits(const PromptView& prompt, int first,
                              const std::function<void(int position, std::span<const float> logits)>& visit,
                              const SyncOptions& options = {});

  // The same with the states after the final norm, [n_embd], in place of logits, which are not computed: logits() are
  // empty afterwards.
  SyncResult sync_with_hidden_states(const PromptView& prompt, int first,
                                     const std::function<void(int position, std::span<const float> state)>& visit,
                                     const SyncOptions& options = {});

  // Back to the first n tokens, or to the beginning of the bidirectional medium that n lies inside of. Logits are not
  // available until the next sync or append.
  void rewind(int n);

  // Gives the cache what it was not given yet: the tokens appended since the last sync. The next sync() and the
  // session's end do so too.
  void publish();

  // A second timeline with the same past; pages are shared until one of them writes.
  Session fork() const;

  // [n_vocab], soft-capped, after the last token; empty when not known (nothing was computed yet, after a rewind, after
  // an error). Valid until the next call that computes.
  std::span<const float> logits() const noexcept;

  int64_t kv_bytes() const noexcept;  // of pages this session holds (shared ones counted whole)

 private:
  struct State;
  static void append_step(std::span<Session* const> sessions, std::span<const TokenId> tokens);
  std::unique_ptr<State> state_;
};

struct Session::Piece {
  Session* session = nullptr;
  PromptView prompt;  // that begin_sync() was given
  int n_rows = 0;     // piece_rows(), or fewer where no medium is cut
  // Empty: logits after the prompt's last token, for the session. Else states after the final norm, of rows from
  // `first` on; in one step either all pieces ask for states or none.
  std::function<void(int position, std::span<const float> state)> visit_state = {};
  int first = 0;
  std::span<const int> boundaries = {};  // SyncOptions::boundaries
};

struct Session::Bundle {
  Session* session = nullptr;
  std::span<const TokenId> tokens;
  std::function<bool()> goes_on = {};  // empty: take all
  int n_taken = 0;                     // result
};

}  // namespace facet::runtime
