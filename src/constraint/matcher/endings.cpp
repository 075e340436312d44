#include "constraint/matcher/endings.h"

#include <algorithm>
#include <queue>

namespace facet::constraint {
namespace {

constexpr size_t kMaxSteps = 10'000;  // of a search; the straight way has as many as it has bytes

}  // namespace

uint32_t Endings::distance(StateId state) {
  if (state >= distance_.size()) distance_.resize(automaton_.n_states(), Distances::kNotAsked);
  if (distance_[state] != Distances::kNotAsked) return distance_[state];
  uint32_t n = Distances::kFar;
  if (state != kDead && automaton_.may_end(state)) n = 0;
  if (n > 0)
    for (const Thread& thread : automaton_.threads(state)) n = std::min(n, distances_.of(thread));
  return distance_[state] = n;
}

// Where distances are exact, the nearest thread's next byte is on the shortest way. Where they are not, it may turn out
// that the text which it leads to has been there before.
std::vector<uint8_t> Endings::bytes_to_try(StateId state) {
  ByteSet bytes;
  const uint32_t nearest = distance(state);
  const auto threads = automaton_.threads(state);
  for (const Thread& thread : std::vector<Thread>(threads.begin(), threads.end())) {
    const uint32_t n = distances_.of(thread);
    if (n >= Distances::kFar || (are_exact() && n > nearest)) continue;
    if (thread.text != kNoText && !thread.is_key())
      bytes |= automaton_.regexes().first_bytes(thread.state);
    else if (thread.is_key() || automaton_.regexes().least_bytes(thread.state) > 0)
      bytes.set(distances_.next_byte(thread));
    if (are_exact() && bytes.any()) break;
  }
  std::vector<uint8_t> out;
  for (size_t b = bytes._Find_first(); b < bytes.size(); b = bytes._Find_next(b))
    out.push_back(static_cast<uint8_t>(b));
  return out;
}

// What is nearest to the end goes first: straight where distances are exact, and soon there where texts must differ, of
// which the shortest are many. All states on a way that was found keep it, so that there is one from each.
bool Endings::find(StateId from) {
  std::priority_queue<Place> open;
  std::vector<Place> passed;
  std::unordered_map<StateId, Step> before;
  const auto visit = [&](StateId state, Step step, uint32_t n_read) {
    const uint32_t left = distance(state);
    if (n_read + left < kLongest && before.emplace(state, step).second) open.push({left, n_read, state});
  };
  visit(from, {kDead, 0}, 0);
  for (size_t n = 0; !open.empty() && n < kMaxSteps; ++n) {
    const Place place = open.top();
    open.pop();
    const auto known = next_.find(place.state);
    if (known != next_.end() && known->second == kNoWay) continue;
    if (automaton_.may_end(place.state) || known != next_.end()) {
      for (Step step = before.at(place.state); step.from != kDead; step = before.at(step.from))
        next_.insert_or_assign(step.from, step.byte);
      return true;
    }
    passed.push_back(place);
    for (const uint8_t byte : bytes_to_try(place.state))
      if (const StateId there = automaton_.step(place.state, byte); there != kDead)
        visit(there, {place.state, byte}, place.n_read + 1);
  }
  give_up(passed);
  return false;
}

// A search from any that was passed would come to the same; but from the farther half of them, by what this one has
// not reached any more.
void Endings::give_up(std::span<const Place> passed) {
  uint32_t farthest = 0;
  for (const Place& place : passed) farthest = std::max(farthest, place.n_read);
  for (const Place& place : passed)
    if (place.n_read <= farthest / 2) next_.emplace(place.state, kNoWay);
}

std::optional<std::string> Endings::shortest(StateId state) {
  std::string text;
  while (!automaton_.may_end(state)) {
    auto next = next_.find(state);
    if (next == next_.end()) {
      if (!find(state)) return {};
      next = next_.find(state);
    }
    if (next->second == kNoWay) return {};
    text.push_back(static_cast<char>(next->second));
    state = automaton_.step(state, static_cast<uint8_t>(next->second));
  }
  return text;
}

}  // namespace facet::constraint
