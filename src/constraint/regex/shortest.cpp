// The shortest text of an expression. Most know how long it is by their form; intersections and complements do not, and
// a search of their derivatives finds it.
#include <queue>

#include "constraint/regex/store.h"

namespace facet::constraint {

// By A*, for a length that is a guess from below is known of every expression. All on the way know theirs then.
class Regexes::Store::ShortestSearch {
 public:
  ShortestSearch(Store& store, RegexId root) : store_(store) { visit(root, root, 0); }

  void run() {
    const size_t n_before = store_.expressions.n_made();
    while (!open_.empty() && store_.expressions.n_made() - n_before < kMaxMade) {
      const Place place = open_.top();
      open_.pop();
      Step& step = steps_.at(place.id);
      if (place.n_read > step.n_read) continue;  // there has been a shorter way since
      if (const auto known = store_.known_least_bytes(place.id)) return keep_way(place.id, *known);
      step.is_passed = true;
      expand(place);
    }
    give_up();
  }

 private:
  static constexpr size_t kMaxMade = 10'000;  // of the expressions that a grammar may have

  struct Place {
    uint32_t n_bytes;  // at least, to the end of the text
    uint32_t n_read;
    RegexId id;
    bool operator<(const Place& o) const { return n_bytes != o.n_bytes ? n_bytes > o.n_bytes : n_read < o.n_read; }
  };
  // The last one of the shortest way to an expression that has been found so far.
  struct Step {
    RegexId from;
    uint32_t n_read;
    bool is_passed = false;  // what may follow has been looked at
  };

  void expand(const Place& place) {
    store_.expressions.count_work();
    const ByteClasses& classes = store_.classes_of(place.id);
    for (const uint8_t example : classes.examples)
      if (const RegexId there = store_.derive(place.id, example); there != kNothing)
        visit(there, place.id, place.n_read + 1);
  }

  void visit(RegexId id, RegexId from, uint32_t n_read) {
    const auto known = store_.known_least_bytes(id);
    const uint32_t n_bytes = n_read + (known ? *known : store_.expressions[id].min_length);
    if (n_bytes >= kLong) return;
    const auto [at, is_new] = steps_.try_emplace(id, Step{from, n_read});
    if (!is_new && at->second.n_read <= n_read) return;
    at->second = {from, n_read};
    open_.push({n_bytes, n_read, id});
    farthest_ = std::max(farthest_, n_read);
  }

  void keep_way(RegexId id, uint32_t n_bytes) {
    for (RegexId from = steps_.at(id).from; from != id; id = from, from = steps_.at(id).from)
      store_.least_bytes_.emplace(from, ++n_bytes);
  }

  // A search from any that was passed would come to the same; but from the farther half of them, by what this one has
  // not reached any more.
  void give_up() {
    for (const auto& [id, step] : steps_)
      if (step.is_passed && step.n_read <= farthest_ / 2) store_.least_bytes_.emplace(id, kLong);
  }

  Store& store_;
  std::priority_queue<Place> open_;
  std::unordered_map<RegexId, Step> steps_;
  uint32_t farthest_ = 0;
};

std::optional<uint32_t> Regexes::Store::known_least_bytes(RegexId a) const {
  if (a == kNothing) return kLong;
  if (expressions[a].has_shortest) return std::min(expressions[a].min_length, kLong);
  if (const auto it = least_bytes_.find(a); it != least_bytes_.end()) return it->second;
  return {};
}

uint32_t Regexes::Store::least_bytes(RegexId a) {
  if (!known_least_bytes(a)) ShortestSearch(*this, a).run();
  return known_least_bytes(a).value_or(kLong);
}

uint8_t Regexes::Store::first_of_shortest(RegexId a) {
  const uint32_t n_bytes = least_bytes(a);
  const ByteClasses& classes = classes_of(a);
  for (const uint8_t example : classes.examples)
    if (const auto known = known_least_bytes(derive(a, example)); known && *known + 1 == n_bytes) return example;
  for (const uint8_t example : classes.examples)
    if (least_bytes(derive(a, example)) + 1 == n_bytes) return example;
  return classes.examples.front();
}

}  // namespace facet::constraint
