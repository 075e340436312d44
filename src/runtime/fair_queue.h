// A queue of many flows that are served in turn, each as often as its weight says, whatever waits in the others:
// virtual time, in which a flow's next item is due 1 / weight after its last. Within a flow, first come, first served.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

namespace facet::runtime {

template <class T>
class FairQueue {
 public:
  size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  // A flow is its name and its weight.
  void push(const std::string& name, int weight, T item) {
    assert(weight > 0);
    const auto [flow, is_new] = flows_.try_emplace({name, weight});
    if (is_new) flow->second.due = now_ + 1.0 / weight;
    flow->second.items.push_back({n_pushed_++, std::move(item)});
    ++size_;
  }

  // Whose turn it is.
  const T& front() const {
    assert(!empty());
    return next(flows_)->second.items.front().item;
  }

  T pop() {
    assert(!empty());
    const auto flow = next(flows_);
    T item = std::move(flow->second.items.front().item);
    flow->second.items.pop_front();
    --size_;
    now_ = flow->second.due;
    flow->second.due += 1.0 / flow->first.second;
    if (flow->second.items.empty()) flows_.erase(flow);
    return item;
  }

  // Takes out those that `is_unwanted` names, and hands each to `take`.
  template <class IsUnwanted, class Take>
  void remove_if(const IsUnwanted& is_unwanted, const Take& take) {
    for (auto flow = flows_.begin(); flow != flows_.end();) {
      auto& items = flow->second.items;
      const auto kept = std::stable_partition(items.begin(), items.end(),
                                              [&](const Entry& entry) { return !is_unwanted(entry.item); });
      size_ -= static_cast<size_t>(items.end() - kept);
      for (auto it = kept; it != items.end(); ++it) take(std::move(it->item));
      items.erase(kept, items.end());
      flow = items.empty() ? flows_.erase(flow) : std::next(flow);
    }
  }

 private:
  struct Entry {
    int64_t number;  // in the order of arrival
    T item;
  };
  struct Flow {
    std::deque<Entry> items;
    double due = 0;
  };

  template <class Flows>
  static auto next(Flows& flows) {
    return std::min_element(flows.begin(), flows.end(), [](const auto& a, const auto& b) {
      return std::pair(a.second.due, a.second.items.front().number) <
             std::pair(b.second.due, b.second.items.front().number);
    });
  }

  std::map<std::pair<std::string, int>, Flow> flows_;  // none is empty
  double now_ = 0;
  size_t size_ = 0;
  int64_t n_pushed_ = 0;
};

}  // namespace facet::runtime
