// How many texts an expression holds, and which, where they are few.
#include <algorithm>
#include <array>

#include "constraint/regex/store.h"

namespace facet::constraint {

// Byte by byte, with all ways at once. Each way leads to a text of its own, for what holds none is not followed.
size_t Regexes::Store::count_texts(RegexId a, size_t limit) {
  std::unordered_map<RegexId, size_t> front, next;
  if (is_live(a)) front.emplace(a, 1);
  size_t n_ended = 0, n_ways = front.size();
  while (!front.empty() && n_ended + n_ways < limit) {
    next.clear();
    n_ways = 0;
    for (const auto& [at, n] : front) {
      if (expressions[at].nullable) n_ended += n;
      std::array<size_t, 256> n_bytes{};
      const ByteClasses& classes = classes_of(at);
      for (const uint8_t c : classes.class_of) ++n_bytes[c];
      for (size_t c = 0; c < classes.size(); ++c) {
        const RegexId there = derive(at, classes.examples[c]);
        if (there == kNothing) continue;
        next[there] += n * n_bytes[c];
        n_ways += n * n_bytes[c];
      }
      expressions.count_work();
    }
    front.swap(next);
  }
  return std::min(n_ended + n_ways, limit);
}

size_t Regexes::Store::n_texts(RegexId a, size_t limit) {
  TextCount& known = counts_[a];
  const bool is_enough = known.n < known.limit || known.limit >= limit;
  if (!is_enough) known = {count_texts(a, limit), limit};
  return std::min(known.n, limit);
}

std::vector<std::string> Regexes::Store::texts(RegexId a) {
  struct Place {
    RegexId at;
    std::string read;
  };
  std::vector<std::string> out;
  std::vector<Place> open = {{a, ""}};
  while (!open.empty()) {
    const Place place = std::move(open.back());
    open.pop_back();
    if (expressions[place.at].nullable) out.push_back(place.read);
    const ByteSet bytes = first_bytes(place.at);
    for (size_t b = bytes._Find_first(); b < bytes.size(); b = bytes._Find_next(b)) {
      open.push_back({derive(place.at, static_cast<uint8_t>(b)), place.read});
      open.back().read.push_back(static_cast<char>(b));
    }
  }
  return out;
}

}  // namespace facet::constraint
