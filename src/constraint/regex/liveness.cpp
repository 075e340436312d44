// Which expressions hold a text at all. Intersections and complements do not show it; a search of their derivatives for
// one that does settles all that it has passed.
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "constraint/regex/store.h"

namespace facet::constraint {

class Regexes::Store::LifeSearch {
 public:
  LifeSearch(Store& store, RegexId root) : store_(store) { visit(root); }

  void run() {
    bool is_found = false;
    while (!is_found && !open_.empty()) is_found = expand_next();
    spread_life();
    bury();
    store_.extend_rows();
    for (const Edge& edge : edges_)
      if (life(edge.to) != Life::Unknown)
        store_.rows_[edge.from].next[edge.byte_class] = life(edge.to) == Life::Live ? edge.to : kNothing;
  }

 private:
  struct Edge {
    RegexId from, to;
    uint8_t byte_class;
  };
  // What is nearest to an end by its guess comes first, then what was found last: so a long way to the shortest text
  // is gone straight, and a short one is not missed.
  struct Place {
    uint32_t distance;
    RegexId id;
    size_t order;
    bool operator<(const Place& o) const { return distance != o.distance ? distance > o.distance : order < o.order; }
  };

  Life life(RegexId id) const { return store_.expressions[id].life; }

  void visit(RegexId id) {
    if (visited_.insert(id).second) open_.push({store_.expressions[id].min_length, id, visited_.size()});
  }

  // True: a text has been found.
  bool expand_next() {
    const RegexId from = open_.top().id;
    open_.pop();
    const ByteClasses& classes = store_.classes_of(from);
    for (size_t c = 0; c < classes.size(); ++c) {
      const RegexId known = store_.rows_[from].next[c];
      const RegexId to = known != kUnmet ? known : store_.derivative(from, classes.examples[c]);
      edges_.push_back({from, to, static_cast<uint8_t>(c)});
      if (life(to) == Life::Live) return true;
      if (life(to) == Life::Unknown) visit(to);
    }
    return false;
  }

  // Against the edges, from what is live.
  void spread_life() {
    std::vector<RegexId> live;
    for (const Edge& edge : edges_) {
      before_.emplace(edge.to, edge.from);
      if (life(edge.to) == Life::Live) live.push_back(edge.to);
    }
    for (RegexId next; !live.empty();) {
      next = live.back();
      live.pop_back();
      for (auto [at, end] = before_.equal_range(next); at != end; ++at) {
        if (life(at->second) == Life::Live) continue;
        store_.expressions.set_life(at->second, Life::Live);
        live.push_back(at->second);
      }
    }
  }

  // What leads neither to life nor to a place that has not been looked at is dead.
  void bury() {
    std::unordered_set<RegexId> unsure;
    std::vector<RegexId> left;
    for (; !open_.empty(); open_.pop())
      if (unsure.insert(open_.top().id).second) left.push_back(open_.top().id);
    for (RegexId next; !left.empty();) {
      next = left.back();
      left.pop_back();
      for (auto [at, end] = before_.equal_range(next); at != end; ++at)
        if (unsure.insert(at->second).second) left.push_back(at->second);
    }
    for (const RegexId id : visited_)
      if (life(id) == Life::Unknown && !unsure.contains(id)) store_.expressions.set_life(id, Life::Dead);
  }

  Store& store_;
  std::priority_queue<Place> open_;
  std::unordered_set<RegexId> visited_;
  std::vector<Edge> edges_;
  std::unordered_multimap<RegexId, RegexId> before_;
};

void Regexes::Store::settle(RegexId a) { LifeSearch(*this, a).run(); }

}  // namespace facet::constraint
