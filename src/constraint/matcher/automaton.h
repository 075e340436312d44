// The states that texts under a grammar can be in, made as they are met: a state is the set of threads, a step reads a
// byte. Everything is remembered, so what occurs again costs a look-up. Not synchronised: CompiledGrammar is.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "constraint/grammar/grammar.h"
#include "constraint/matcher/expansion.h"
#include "constraint/matcher/frames.h"

namespace facet::constraint {

using StateId = uint32_t;
constexpr StateId kDead = 0;

class Automaton {
 public:
  explicit Automaton(Grammar grammar);
  Automaton(const Automaton&) = delete;

  StateId start();
  // kDead if no text goes on like this.
  StateId step(StateId state, uint8_t byte);
  StateId step(StateId state, std::string_view bytes);
  bool may_end(StateId state) { return closure(state).ends; }

  // All threads that may read the next byte: the state's own, and what follows those that are complete.
  std::span<const Thread> threads(StateId state) { return closure(state).threads; }
  StateId alone(const Thread& thread);  // the state of this thread only
  // The state of what follows a thread that is complete; kDead if nothing can be read there.
  StateId after(const Thread& thread);
  StateId after_recording(Thread thread, std::string_view text);  // once these bytes are recorded too
  bool is_complete(const Thread& thread) const noexcept;
  // Whether the thread, which has read `text` since its own, can still become something that has not been there.
  bool can_be_new(const Thread& thread, std::string_view text = {}) {
    const auto few = few_left(thread, text);
    return !few || !few->empty();
  }
  // What the thread is behind `byte`; false: it cannot read it.
  bool advance(const Thread& thread, uint8_t byte, Thread& out);
  const ByteSet& first_bytes(StateId state);  // valid until the next call of anything here
  // The one byte that must come next; -1 if there is a choice, or the text may end.
  int forced_byte(StateId state);

  Regexes& regexes() noexcept { return store_.grammar.regexes(); }
  FrameStore& store() noexcept { return store_; }
  const KeyTrees& keys() const noexcept { return store_.keys; }
  bool has_unused(const Thread& key_thread, uint32_t node) const noexcept;
  Grammar release() && { return std::move(store_.grammar); }
  size_t n_states() const noexcept { return states_.size(); }
  size_t n_bytes() const noexcept;  // without the expressions

 private:
  const Following& closure(StateId state);
  StateId intern(std::vector<Thread>& threads);
  const Following& following(const Thread& thread);
  bool ends_in_vain(const Thread& thread);
  // The ends of which that is so; none if they are many, or it makes no difference.
  std::optional<std::vector<std::string>> few_left(const Thread& thread, std::string_view text);

  FrameStore store_;
  InternedLists states_;             // threads, three numbers each; 0 is the dead state
  std::vector<Following> closures_;  // by state
  std::vector<bool> has_closure_;
  std::unordered_map<StateId, ByteSet> first_bytes_;
  std::unordered_map<uint64_t, StateId> steps_;        // state, byte
  std::unordered_map<FrameId, Following> followings_;  // of frames, without a recorded text
  Following scratch_;
  std::vector<Thread> next_;
  size_t closure_bytes_ = 0;
  StateId start_ = kDead;
};

}  // namespace facet::constraint
