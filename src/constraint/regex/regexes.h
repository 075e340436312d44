// Regular expressions over bytes as values that are stored once: equal expressions have one id, so an id is also the
// state of an automaton, which comes into being as derivatives are asked for (Brzozowski 1964; Owens, Reppy, Turon
// 2009). Intersection and complement cost no more than union. Time is linear in the text by construction; what could
// grow without bound is the number of expressions, which has a limit.
//
// Control tokens of a model are letters too: control(i) is the two bytes 0xFF, i, which no UTF-8 text holds.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace facet::constraint {

using RegexId = uint32_t;
using ByteSet = std::bitset<256>;

constexpr uint8_t kControlByte = 0xFF;

class Regexes {
 public:
  // max_expressions: of all that is built and derived. Going beyond it throws RequestError.
  explicit Regexes(size_t max_expressions = 200'000);
  ~Regexes();
  Regexes(Regexes&&) noexcept;
  Regexes& operator=(Regexes&&) noexcept;

  static constexpr RegexId kNothing = 0;   // no text at all
  static constexpr RegexId kEmpty = 1;     // the empty text
  static constexpr RegexId kAnything = 2;  // all byte strings: the complement of kNothing
  static constexpr uint32_t kLong = 4096;  // bytes; texts from here on are not looked for

  RegexId bytes(const ByteSet& set);       // one byte of the set
  RegexId literal(std::string_view text);  // these bytes
  RegexId control(uint8_t index);          // one control token
  RegexId concat(RegexId first, RegexId second);
  RegexId concat(std::span<const RegexId> parts);
  RegexId either(std::span<const RegexId> parts);
  RegexId either(RegexId a, RegexId b);
  RegexId both(std::span<const RegexId> parts);  // the intersection
  RegexId both(RegexId a, RegexId b);
  RegexId complement(RegexId a);  // of all byte strings: intersect it with the language that is meant
  RegexId repeat(RegexId a, int min, int max = -1);  // max -1: any number
  // Digits, among them at most one point, that are a multiple of modulus / 10^decimals. The modulus is 1 to 10,000.
  RegexId multiple(uint32_t modulus, int decimals);
  RegexId optional(RegexId a) { return repeat(a, 0, 1); }

  // What may follow `byte` in a text of `a`; kNothing exactly if no text of `a` begins with it. Computed once per state
  // and byte. Not const: states are made as they are met.
  RegexId derive(RegexId a, uint8_t byte) {
    const Row row = table_->rows[a];
    const RegexId next = row.next[row.class_of[byte]];
    return next != kUnmet ? next : derive_unmet(a, byte);
  }
  RegexId derive(RegexId a, std::string_view text);
  bool is_nullable(RegexId a) const noexcept;  // holds the empty text
  bool is_nothing(RegexId a);                  // holds no text. Exact, by search where there is no other way.
  bool has_continuation(RegexId a);            // some byte may follow: derive(a, b) is not kNothing for some b
  size_t n_texts(RegexId a, size_t limit);     // how many it holds, counted up to the limit
  std::vector<std::string> texts(RegexId a);   // all of them: for those that are known to be few
  // Bytes of the shortest text, and the first of them; kLong: it has none, or a search for it was given up.
  uint32_t least_bytes(RegexId a);
  uint8_t first_of_shortest(RegexId a);  // that is neither empty nor kLong
  // Whether it is plain to see that all texts end with the byte; false: perhaps not.
  bool ends_with(RegexId a, uint8_t byte) const noexcept;
  // The bytes that may come first.
  const ByteSet& first_bytes(RegexId a);

  // What there is now is kept; forget() drops all that was made since, and its ids are given anew.
  void keep() noexcept;
  void forget();
  size_t n_made() const noexcept;    // since keep(), in what the limit counts
  size_t max_made() const noexcept;  // what the limit leaves to it

  size_t size() const noexcept;     // expressions
  size_t n_bytes() const noexcept;  // memory

 private:
  static constexpr RegexId kUnmet = UINT32_MAX;
  // A state's transitions: bytes between which it makes no difference share an entry.
  struct Row {
    const uint8_t* class_of;  // [256]
    RegexId* next;            // [classes]
  };
  struct Table {
    Row* rows = nullptr;
  };
  struct Store;

  RegexId derive_unmet(RegexId a, uint8_t byte);

  std::unique_ptr<Store> store_;
  Table* table_;  // in the store
};

}  // namespace facet::constraint
