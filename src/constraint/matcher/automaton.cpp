#include "constraint/matcher/automaton.h"

#include <algorithm>
#include <set>

#include "base/error.h"

namespace facet::constraint {
namespace {

// Ways of reading one text at once. Beyond it a grammar is hopelessly ambiguous, and each byte would cost more.
constexpr size_t kMaxThreads = 20'000;

void sort_unique(std::vector<Thread>& threads) {
  std::sort(threads.begin(), threads.end());
  threads.erase(std::unique(threads.begin(), threads.end()), threads.end());
}

}  // namespace

Automaton::Automaton(Grammar grammar) : store_(std::move(grammar)) {
  std::vector<Thread> none;
  intern(none);
  closures_.emplace_back();
  has_closure_.push_back(true);
}

StateId Automaton::start() {
  if (start_ != kDead) return start_;
  Following first = Expansion(store_).begin();
  if (first.ends) first.threads.push_back({Regexes::kEmpty, kRoot, kNoText});
  return start_ = intern(first.threads);
}

StateId Automaton::intern(std::vector<Thread>& threads) {
  sort_unique(threads);
  if (threads.size() > kMaxThreads)
    throw_error<RequestError>("the grammar is too ambiguous: the text so far can be read in more than {} ways",
                              kMaxThreads);
  static_assert(sizeof(Thread) == 3 * sizeof(uint32_t));
  std::vector<uint32_t> numbers;
  numbers.reserve(threads.size() * 3);
  for (const Thread& thread : threads) numbers.insert(numbers.end(), {thread.state, thread.frame, thread.text});
  return states_.id(numbers);
}

bool Automaton::has_unused(const Thread& thread, uint32_t node) const noexcept {
  const auto& at = store_.keys[node];
  return store_.sets.size() > 0 && store_.misses_one(store_.frames[thread.frame].used, at.first, at.end);
}

bool Automaton::is_complete(const Thread& thread) const noexcept {
  if (!thread.is_key()) return store_.grammar.regexes().is_nullable(thread.state);
  const int key = store_.keys[thread.state & ~kKeyBit].key;
  return key >= 0 && !store_.has(store_.frames[thread.frame].used, static_cast<uint32_t>(key));
}

const Following& Automaton::following(const Thread& thread) {
  if (thread.is_key() || thread.text != kNoText) {
    scratch_ = Expansion(store_).leave(thread);
    return scratch_;
  }
  if (const auto it = followings_.find(thread.frame); it != followings_.end()) return it->second;
  Following next = Expansion(store_).leave(thread);
  closure_bytes_ += next.threads.capacity() * sizeof(Thread) + 80;
  return followings_.emplace(thread.frame, std::move(next)).first->second;
}

const Following& Automaton::closure(StateId state) {
  if (state < has_closure_.size() && has_closure_[state]) return closures_[state];
  Following all;
  const auto numbers = states_[state];
  for (size_t i = 0; i < numbers.size(); i += 3) all.threads.push_back({numbers[i], numbers[i + 1], numbers[i + 2]});
  std::set<Thread> known(all.threads.begin(), all.threads.end());
  for (size_t i = 0; i < all.threads.size(); ++i) {
    if (!is_complete(all.threads[i])) continue;
    const Following& next = following(all.threads[i]);
    all.ends |= next.ends;
    for (const Thread& thread : next.threads)
      if (known.insert(thread).second) all.threads.push_back(thread);
    if (all.threads.size() > kMaxThreads)
      throw_error<RequestError>("the grammar is too ambiguous: the text so far can be read in more than {} ways",
                                kMaxThreads);
  }
  closure_bytes_ += sizeof(Following) + all.threads.capacity() * sizeof(Thread);
  if (closures_.size() <= state) closures_.resize(states_.size()), has_closure_.resize(states_.size());
  has_closure_[state] = true;
  return closures_[state] = std::move(all);
}

bool Automaton::advance(const Thread& thread, uint8_t byte, Thread& out) {
  out = thread;
  if (thread.is_key()) {
    const auto& children = store_.keys[thread.state & ~kKeyBit].children;
    const auto child = std::lower_bound(children.begin(), children.end(), byte,
                                        [](const auto& entry, uint8_t b) { return entry.first < b; });
    if (child == children.end() || child->first != byte || !has_unused(thread, child->second)) return false;
    out.state = kKeyBit | child->second;
  } else {
    out.state = regexes().derive(thread.state, byte);
    if (out.state == Regexes::kNothing) return false;
  }
  if (thread.text != kNoText) out.text = store_.texts.append(thread.text, byte);
  return true;
}

// A text that is complete, but was there before where it may not come twice.
bool Automaton::ends_in_vain(const Thread& thread) {
  if (thread.text == kNoText || thread.is_key() || !is_complete(thread) || regexes().has_continuation(thread.state))
    return false;
  const Following& next = following(thread);
  return next.threads.empty() && !next.ends;
}

std::optional<std::vector<std::string>> Automaton::few_left(const Thread& thread, std::string_view text) {
  if (thread.text == kNoText || thread.is_key()) return {};
  const Frame& frame = store_.frames[thread.frame];
  if (frame.seen == 0 || !store_.is_unlike_others(frame)) return {};
  if (regexes().n_texts(thread.state, SeenTexts::kFew + 1) > SeenTexts::kFew) return {};
  const std::string begun = store_.texts.from(thread.text, frame.start).append(text);
  return store_.seen_texts.few_left(regexes(), thread.state, store_.sets[frame.seen], begun);
}

StateId Automaton::step(StateId state, uint8_t byte) {
  const uint64_t key = uint64_t{state} << 8 | byte;
  if (const auto it = steps_.find(key); it != steps_.end()) return it->second;
  next_.clear();
  Thread out;
  for (const Thread& thread : closure(state).threads)
    if (advance(thread, byte, out) && can_be_new(out) && !ends_in_vain(out)) next_.push_back(out);
  const StateId there = intern(next_);
  steps_.emplace(key, there);
  return there;
}

StateId Automaton::step(StateId state, std::string_view bytes) {
  for (const char c : bytes)
    if ((state = step(state, static_cast<uint8_t>(c))) == kDead) break;
  return state;
}

StateId Automaton::alone(const Thread& thread) {
  std::vector<Thread> one{thread};
  return intern(one);
}

StateId Automaton::after(const Thread& thread) {
  const Following& next = following(thread);
  std::vector<Thread> threads = next.threads;
  if (next.ends) threads.push_back({Regexes::kEmpty, kRoot, kNoText});
  return intern(threads);
}

StateId Automaton::after_recording(Thread thread, std::string_view text) {
  for (const char c : text) thread.text = store_.texts.append(thread.text, static_cast<uint8_t>(c));
  return after(thread);
}

const ByteSet& Automaton::first_bytes(StateId state) {
  if (const auto it = first_bytes_.find(state); it != first_bytes_.end()) return it->second;
  ByteSet bytes;
  for (const Thread& thread : closure(state).threads) {
    if (const auto few = few_left(thread, {})) {
      for (const std::string& end : *few)
        if (!end.empty()) bytes.set(static_cast<uint8_t>(end[0]));
      continue;
    }
    if (!thread.is_key()) {
      bytes |= regexes().first_bytes(thread.state);
      continue;
    }
    for (const auto& [byte, node] : store_.keys[thread.state & ~kKeyBit].children)
      if (has_unused(thread, node)) bytes.set(byte);
  }
  return first_bytes_.emplace(state, bytes).first->second;
}

int Automaton::forced_byte(StateId state) {
  if (may_end(state)) return -1;
  const ByteSet& bytes = first_bytes(state);
  if (bytes.count() != 1) return -1;
  int byte = 0;
  while (!bytes[static_cast<size_t>(byte)]) ++byte;
  return byte;
}

size_t Automaton::n_bytes() const noexcept {
  return store_.n_bytes() + states_.n_bytes() + closure_bytes_ + steps_.size() * 40 + first_bytes_.size() * 64 +
         closures_.capacity() * sizeof(Following);
}

}  // namespace facet::constraint
