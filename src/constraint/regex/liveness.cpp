// Which expressions hold a text at all. Intersections and complements do not show it; a search of their derivatives for
// one that holds the empty text does, and settles all that it has passed.
#include <unordered_map>

#include "constraint/regex/store.h"

namespace facet::constraint {

class Regexes::Store::LifeSearch {
 public:
  LifeSearch(Store& store, RegexId root) : store_(store) { visit(root); }

  void run() {
    while (!path_.empty() && !step()) {
    }
    spread_life();
    for (const RegexId id : visited_) store_.expressions.set_life(id, is_live(id) ? Life::Live : Life::Dead);
    store_.extend_rows();
    for (const Edge& edge : edges_)
      store_.rows_[edge.from].next[edge.byte_class] = is_live(edge.to) ? edge.to : kNothing;
  }

 private:
  struct Edge {
    RegexId from, to;
    uint8_t byte_class;
  };
  struct Place {
    RegexId id;
    size_t next_class;
  };

  bool is_live(RegexId id) const { return store_.expressions[id].life == Life::Live; }

  void visit(RegexId id) {
    if (!is_visited_.emplace(id).second) return;
    visited_.push_back(id);
    path_.push_back({id, 0});
  }

  // Depth first: what has a long way to its shortest text is found as fast as what has a short one. True: some text
  // has been found, of all states on the path.
  bool step() {
    Place& place = path_.back();
    const ByteClasses& classes = store_.classes_of(place.id);
    if (place.next_class == classes.size()) return path_.pop_back(), false;
    const size_t c = place.next_class++;
    const RegexId from = place.id;
    const RegexId known = store_.rows_[from].next[c];
    const RegexId to = known != kUnmet ? known : store_.derivative(from, classes.examples[c]);
    edges_.push_back({from, to, static_cast<uint8_t>(c)});
    if (is_live(to)) return true;
    if (store_.expressions[to].life == Life::Unknown) visit(to);
    return false;
  }

  // Against the edges from what is live. States that have been left are dead if this does not reach them: all that
  // may follow them has been seen.
  void spread_life() {
    std::unordered_multimap<RegexId, RegexId> before;
    std::vector<RegexId> live;
    for (const Edge& edge : edges_) {
      before.emplace(edge.to, edge.from);
      if (is_live(edge.to)) live.push_back(edge.to);
    }
    while (!live.empty()) {
      const auto [begin, end] = before.equal_range(live.back());
      live.pop_back();
      for (auto at = begin; at != end; ++at) {
        if (is_live(at->second)) continue;
        store_.expressions.set_life(at->second, Life::Live);
        live.push_back(at->second);
      }
    }
  }

  Store& store_;
  std::vector<Place> path_;
  std::vector<RegexId> visited_;
  std::unordered_set<RegexId> is_visited_;
  std::vector<Edge> edges_;
};

void Regexes::Store::settle(RegexId a) { LifeSearch(*this, a).run(); }

}  // namespace facet::constraint
