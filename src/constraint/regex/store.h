// What is behind Regexes: the laws by which expressions are simplified, and the automaton that their derivatives make.
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <unordered_map>
#include <vector>

#include "constraint/regex/byte_classes.h"
#include "constraint/regex/expressions.h"

namespace facet::constraint {

constexpr int kMaxCount = INT32_MAX - 1;  // of repetitions

struct Regexes::Store : Regexes::Table {
  explicit Store(size_t max_expressions);

  Expressions expressions;

  // The laws (laws.cpp, unions.cpp). Parts may be any expressions.
  RegexId concat(RegexId first, RegexId second);
  RegexId either(std::span<const RegexId> parts);
  RegexId both(std::span<const RegexId> parts);
  RegexId complement(RegexId a);
  RegexId repeat(RegexId a, int min, int max);

  // The automaton (derivatives.cpp).
  RegexId with_rows(RegexId a) { return extend_rows(), a; }
  RegexId derive(RegexId a, uint8_t byte);
  bool is_live(RegexId a);
  const ByteSet& first_bytes(RegexId a);
  void forget();
  size_t n_bytes() const noexcept;

  // shortest.cpp
  uint32_t least_bytes(RegexId a);
  uint8_t first_of_shortest(RegexId a);

  // counting.cpp
  size_t n_texts(RegexId a, size_t limit);
  std::vector<std::string> texts(RegexId a);

 private:
  RegexId known(RegexId a) const noexcept { return expressions[a].life == Life::Dead ? kNothing : a; }
  RegexId prepend(RegexId head, RegexId tail);
  bool merge_literals(RegexId head, RegexId tail, RegexId& merged);
  bool merge_repeats(RegexId head, RegexId tail, RegexId& merged);
  bool drop_stars(std::vector<RegexId>& parts);
  bool has_opposites(std::span<const RegexId> parts) const;
  void join_byte_heads(std::vector<RegexId>& parts);
  static constexpr int kNoLimit = INT32_MAX;
  // head body{min,max} tail
  struct Counted {
    RegexId head = kEmpty, tail = kEmpty, body = kNothing;
    int min = 0, max = 0;

    bool is_like(const Counted& o) const { return head == o.head && tail == o.tail && body == o.body; }
    auto operator<=>(const Counted&) const = default;
  };
  Counted counted_of(RegexId id) const;
  void join_repeats(std::vector<RegexId>& parts);
  void absorb_tails(std::vector<RegexId>& parts) const;
  void factor_literals(std::vector<RegexId>& literals, std::vector<RegexId>& parts);

  RegexId derivative(RegexId a, uint8_t byte);
  RegexId derivative_of_concat(RegexId a, uint8_t byte);
  RegexId derivative_of_multiple(Remainder remainder, uint8_t byte);
  RegexId derivative_of_set(const RegexNode& node, uint8_t byte);
  RegexId derive_part(RegexId a, uint8_t byte);
  const ByteClasses& classes_of(RegexId a);
  void split_by(RegexId a, ByteClassesBuilder& classes);
  void split_by_part(RegexId a, ByteClassesBuilder& classes);
  void make_row(RegexId a);
  void extend_rows();

  size_t count_texts(RegexId a, size_t limit);
  class ShortestSearch;
  std::optional<uint32_t> known_least_bytes(RegexId a) const;

  class LifeSearch;  // liveness.cpp
  void settle(RegexId a);

  // The row of a state that has none yet.
  static constexpr std::array<uint8_t, 256> kOneClass{};
  RegexId unmet_ = kUnmet;

  std::vector<Row> rows_;
  std::vector<const ByteClasses*> classes_;  // of each row that is made
  ByteClassesSet all_classes_;
  std::vector<std::unique_ptr<RegexId[]>> blocks_;  // where the rows' entries are
  size_t block_used_ = 0;
  std::unordered_map<RegexId, ByteSet> first_bytes_;
  struct TextCount {
    size_t n = 0, limit = 0;  // n is exact below the limit
  };
  std::unordered_map<RegexId, TextCount> counts_;
  std::unordered_map<RegexId, uint32_t> least_bytes_;  // where the expressions do not know
};

}  // namespace facet::constraint
