// The store of expressions: equal ones have one id. It knows how an expression is built and what follows from its parts
// at once; the laws that keep expressions few are in laws.cpp, what may follow in derivatives.cpp.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "constraint/regex/regexes.h"

namespace facet::constraint {

enum class RegexKind : uint8_t {
  Nothing,
  Empty,
  Anything,
  Bytes,
  Literal,
  Concat,
  Either,
  Both,
  Not,
  Repeat,
  Multiple
};
// Whether an expression holds any text. Unknown: only a search can tell.
enum class Life : uint8_t { Unknown, Live, Dead };

struct RegexNode {
  RegexKind kind = RegexKind::Nothing;
  bool nullable = false;
  Life life = Life::Unknown;
  uint16_t depth = 1;  // of the recursion in derivatives
  // Bytes: a, the place of the set. Literal: b bytes from a on. Concat: a, then b. Either, Both: b parts from a on, in
  // ascending order. Not, Repeat: a.
  uint32_t a = 0, b = 0;
  int32_t min = 0, max = -1;  // Repeat; see Remainder
  uint32_t min_length = 0;    // no text has fewer bytes; a guess from below
  bool has_shortest = true;   // one has just these
};

// A number of which some digits have been read, and what is left of it by a modulus.
struct Remainder {
  uint32_t modulus, value;
  int decimals;  // that count and are still to come; behind them only zeros may
  bool behind_point;
};

class Expressions {
 public:
  explicit Expressions(size_t max_expressions);

  const RegexNode& operator[](RegexId id) const noexcept { return nodes_[id]; }
  size_t size() const noexcept { return nodes_.size(); }
  size_t n_bytes() const noexcept;

  // Valid until the next expression is added.
  std::span<const RegexId> parts(const RegexNode& node) const noexcept { return {parts_.data() + node.a, node.b}; }
  std::string_view literal(const RegexNode& node) const noexcept {
    return std::string_view(letters_).substr(node.a, node.b);
  }
  const ByteSet& set(const RegexNode& node) const noexcept { return sets_[node.a]; }
  bool ends_with(RegexId id, uint8_t byte) const noexcept;
  void set_life(RegexId id, Life life) noexcept { nodes_[id].life = life; }

  void keep() noexcept { kept_ = {nodes_.size(), parts_.size(), letters_.size(), sets_.size(), cost_}; }
  void forget();
  size_t n_made() const noexcept { return cost_ - kept_.cost; }
  size_t max_made() const noexcept { return max_cost_ - kept_.cost; }

  // Work that adds no expressions is limited with them, at a rate that keeps all of it to seconds.
  void count_work() {
    if (++work_ % 64 == 0) count(1);
  }

  // Each returns the id of the expression as it stands.
  RegexId bytes(const ByteSet& set);
  RegexId literal(std::string_view text);
  // A stored literal without its first byte; `n_bytes` of one, from the `skip`th on.
  RegexId literal_tail(RegexId literal);
  RegexId part_of_literal(const RegexNode& literal, size_t skip, size_t n_bytes);
  RegexId concat(RegexId head, RegexId tail);
  RegexId either(std::span<const RegexId> parts) { return set_of(RegexKind::Either, parts); }
  RegexId both(std::span<const RegexId> parts) { return set_of(RegexKind::Both, parts); }
  RegexId complement(RegexId a);
  RegexId repeat(RegexId a, int min, int max);
  RegexId multiple(const Remainder& remainder);
  static Remainder remainder(const RegexNode& node) { return {node.a, node.b, node.min, node.max == 1}; }

 private:
  RegexId part_of_literal(uint32_t begin, uint32_t n_bytes, uint64_t hash);
  RegexId one_byte(uint8_t byte) { return bytes(ByteSet{}.set(byte)); }
  RegexId set_of(RegexKind kind, std::span<const RegexId> parts);
  RegexId find_or_add(RegexNode node, uint64_t hash, std::span<const RegexId> parts = {});
  bool is_equal(const RegexNode& stored, const RegexNode& node, std::span<const RegexId> parts) const;
  uint32_t least_length(const RegexNode& node, std::span<const RegexId> parts) const;
  bool has_shortest(const RegexNode& node, std::span<const RegexId> parts) const;
  void derive_facts(RegexNode& node, std::span<const RegexId> parts) const;
  void count(size_t cost);
  void fill_slots(size_t n_slots);

  struct Sizes {
    size_t nodes = 0, parts = 0, letters = 0, sets = 0, cost = 0;
  };
  Sizes kept_;
  size_t max_cost_, cost_ = 0, work_ = 0;
  std::vector<RegexNode> nodes_;
  std::vector<uint64_t> hashes_;
  std::vector<RegexId> slots_;  // by hash
  std::vector<RegexId> parts_;
  std::string letters_;
  std::vector<ByteSet> sets_;
  std::unordered_map<ByteSet, RegexId> ids_of_sets_;
};

}  // namespace facet::constraint
