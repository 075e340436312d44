// A pattern's parts are taken from the last to the first, each with the texts that may follow it: so an assertion about
// what follows is an intersection with them, and $ leaves of them the empty one.
#include "constraint/regex/pattern.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "base/append_utf8.h"
#include "constraint/regex/character_classes.h"
#include "constraint/regex/pattern_tree.h"

namespace facet::constraint {
namespace {

using PatternKind = PatternNode::Kind;

constexpr int kMaxAssertionCount = 100;
constexpr int64_t kManyCharacters = 1'000'000;
constexpr size_t kMaxPatternSteps = 100'000;

// What may stand before a place of the text, as far as assertions see it.
enum PatternContext : size_t { kAtStart, kAfterWord, kAfterOther, kContexts };
// The texts from a place to the end, for each context of the place.
using Rests = std::array<RegexId, kContexts>;

Rests everywhere(RegexId rest) { return {rest, rest, rest}; }
bool is_same(const Rests& rests) { return rests == everywhere(rests[0]); }

bool is_one_character(const PatternNode& node) {
  const bool is_surrogate = !node.set.empty() && node.set[0].first >= 0xD800 && node.set[0].first <= 0xDFFF;
  return node.kind == PatternKind::Set && node.set.size() == 1 && node.set[0].first == node.set[0].last &&
         !is_surrogate;
}

class PatternCompiler {
 public:
  PatternCompiler(Regexes& regexes, std::string_view pattern, const PatternOptions& options)
      : r_(regexes), pattern_(pattern), options_(options), any_(any_text(regexes, options.writing)) {}

  RegexId compile() {
    const PatternNode tree = read_pattern(pattern_);
    if (options_.whole) return before(tree, everywhere(Regexes::kEmpty))[kAtStart];
    return follow(any_, before(tree, everywhere(any_)))[kAtStart];
  }

 private:
  // The node's texts, each followed by one of the rest.
  Rests before(const PatternNode& node, const Rests& rest) {
    count_steps(1);
    if (node.is_plain) return follow(language(node), rest);
    switch (node.kind) {
      case PatternKind::Sequence:
        return before_sequence(node, rest);
      case PatternKind::Choice: {
        Rests all = everywhere(Regexes::kNothing);
        for (const PatternNode& part : node.parts) all = united(all, before(part, rest));
        return all;
      }
      case PatternKind::Repeat:
        return before_repeat(node, rest);
      case PatternKind::Start:
        return {rest[kAtStart], Regexes::kNothing, Regexes::kNothing};
      case PatternKind::End:
        return restricted(rest, everywhere(Regexes::kEmpty));
      case PatternKind::WordEdge:
        return restricted(rest, {begins_with_word(), not_word(), begins_with_word()});
      case PatternKind::NoWordEdge:
        return restricted(rest, {not_word(), begins_with_word(), not_word()});
      case PatternKind::Ahead:
        return restricted(rest, before(node.parts[0], everywhere(Regexes::kAnything)));
      default: {
        Rests excluded = before(node.parts[0], everywhere(Regexes::kAnything));
        for (RegexId& id : excluded) id = r_.complement(id);
        return restricted(rest, excluded);
      }
    }
  }

  Rests before_sequence(const PatternNode& node, Rests rest) {
    for (size_t end = node.parts.size(); end > 0;) {
      size_t begin = end - 1;
      while (begin > 0 && node.parts[begin].is_plain && node.parts[begin - 1].is_plain) --begin;
      rest = node.parts[begin].is_plain ? follow(run(node, begin, end), rest) : before(node.parts[begin], rest);
      end = begin;
    }
    return rest;
  }

  Rests united(const Rests& a, const Rests& b) {
    Rests out;
    for (size_t c = 0; c < kContexts; ++c) out[c] = r_.either(a[c], b[c]);
    return out;
  }
  Rests restricted(const Rests& a, const Rests& b) {
    Rests out;
    for (size_t c = 0; c < kContexts; ++c) out[c] = r_.both(a[c], b[c]);
    return out;
  }

  // Texts of a language, each followed by the rest that fits how it ends.
  Rests follow(RegexId language, const Rests& rest) {
    if (is_same(rest)) return everywhere(r_.concat(language, rest[0]));
    const RegexId some = r_.is_nullable(language) ? r_.both(language, r_.complement(Regexes::kEmpty)) : language;
    RegexId behind;
    if (rest[kAfterWord] == rest[kAfterOther]) {
      behind = r_.concat(some, rest[kAfterWord]);
    } else {
      const RegexId word = r_.concat(any_, characters(word_class()));
      const RegexId other = r_.concat(any_, characters(complement(word_class())));
      behind = r_.either(r_.concat(r_.both(some, word), rest[kAfterWord]),
                         r_.concat(r_.both(some, other), rest[kAfterOther]));
    }
    Rests out = everywhere(behind);
    if (some != language)
      for (size_t c = 0; c < kContexts; ++c) out[c] = r_.either(behind, rest[c]);
    return out;
  }

  Rests before_repeat(const PatternNode& node, const Rests& rest) {
    const PatternNode& body = node.parts[0];
    if (std::max(node.min, node.max) > kMaxAssertionCount)
      fail_in_pattern(pattern_, node.place, "what is repeated more than 100 times may hold no assertions");
    Rests out = rest;
    if (node.max < 0)
      out = before_loop(body, rest);
    else
      for (int i = node.min; i < node.max; ++i) out = united(rest, before(body, out));
    for (int i = 0; i < node.min; ++i) out = before(body, out);
    return out;
  }

  // ^ can hold only in the first round that takes a character, and $ only behind the last: those between match as if
  // neither ever did.
  Rests before_loop(const PatternNode& body, const Rests& rest) {
    if (rest == everywhere(any_) || rest == everywhere(Regexes::kAnything)) return rest;
    if (is_guarded_loop(body) && rest == everywhere(Regexes::kEmpty)) return guarded_loop(body);
    if (has_look_around(body))
      fail_in_pattern(pattern_, body.place, "look-ahead and word boundaries are not supported inside this repetition");
    const Rests last = united(rest, before(body, rest));
    const Rests between = follow(r_.repeat(language(body), 0), last);
    return united(last, before(body, between));
  }

  // (?:(?!x)y)* up to the end: no x anywhere.
  static bool is_guarded_loop(const PatternNode& body) {
    return body.kind == PatternKind::Sequence && body.parts.size() == 2 &&
           body.parts[0].kind == PatternKind::NotAhead && body.parts[0].parts[0].is_plain &&
           body.parts[1].kind == PatternKind::Set;
  }
  Rests guarded_loop(const PatternNode& body) {
    const RegexId excluded = language(body.parts[0].parts[0]);
    const RegexId each = r_.repeat(language(body.parts[1]), 0);
    // If x may be empty, no round can begin.
    if (r_.is_nullable(excluded)) return everywhere(Regexes::kEmpty);
    return everywhere(r_.both(each, r_.complement(r_.concat(std::array{any_, excluded, Regexes::kAnything}))));
  }

  // That is, other than what the part around it decides alone.
  static bool has_look_around(const PatternNode& node) {
    if (node.is_plain || node.kind == PatternKind::Start || node.kind == PatternKind::End) return false;
    if (node.kind != PatternKind::Sequence && node.kind != PatternKind::Choice && node.kind != PatternKind::Repeat)
      return true;
    for (size_t i = 0; i < node.parts.size(); ++i)
      if (has_look_around(node.parts[i]) && !is_local_look_ahead(node, i)) return true;
    return false;
  }

  // A look-ahead at what the sequence itself must hold behind it.
  static bool is_local_look_ahead(const PatternNode& node, size_t place) {
    const PatternNode& part = node.parts[place];
    if (node.kind != PatternKind::Sequence || !is_look_ahead(part) || !part.parts[0].is_plain) return false;
    int64_t n_behind = 0;
    for (size_t i = place + 1; i < node.parts.size(); ++i) n_behind += n_characters(node.parts[i]).min;
    const int64_t max = n_characters(part.parts[0]).max;
    return max < kManyCharacters && max <= n_behind;
  }

  static bool is_look_ahead(const PatternNode& node) {
    return node.kind == PatternKind::Ahead || node.kind == PatternKind::NotAhead;
  }

  struct CharacterCount {
    int64_t min, max;
  };
  static CharacterCount n_characters(const PatternNode& node) {
    if (node.kind == PatternKind::Set) return {1, 1};
    CharacterCount all = {node.kind == PatternKind::Choice ? kManyCharacters : 0, 0};
    if (node.kind > PatternKind::Repeat) return {0, 0};
    for (const PatternNode& part : node.parts) {
      const CharacterCount n = n_characters(part);
      if (node.kind == PatternKind::Choice)
        all = {std::min(all.min, n.min), std::max(all.max, n.max)};
      else
        all = {all.min + n.min, all.max + n.max};
    }
    if (node.kind != PatternKind::Repeat) return all;
    return {std::min(kManyCharacters, all.min * node.min),
            node.max < 0 ? kManyCharacters : std::min(kManyCharacters, all.max * node.max)};
  }

  // The texts without regard to where they stand; ^ and $ never hold.
  RegexId language(const PatternNode& node) {
    count_steps(1);
    switch (node.kind) {
      case PatternKind::Set:
        return characters(node.set);
      case PatternKind::Sequence:
        return run(node, 0, node.parts.size());
      case PatternKind::Choice: {
        std::vector<RegexId> parts;
        for (const PatternNode& part : node.parts) parts.push_back(language(part));
        return r_.either(parts);
      }
      case PatternKind::Repeat:
        return r_.repeat(language(node.parts[0]), node.min, node.max);
      default:
        return Regexes::kNothing;
    }
  }

  RegexId run(const PatternNode& node, size_t begin, size_t end) {
    RegexId tail = Regexes::kEmpty;
    for (size_t i = end; i-- > begin;) {
      const PatternNode& part = node.parts[i];
      if (!is_look_ahead(part)) continue;
      const RegexId ahead = r_.concat(language(part.parts[0]), Regexes::kAnything);
      tail = r_.both(r_.concat(run_without_look_ahead(node, i + 1, end), tail),
                     part.kind == PatternKind::Ahead ? ahead : r_.complement(ahead));
      end = i;
    }
    return r_.concat(run_without_look_ahead(node, begin, end), tail);
  }

  RegexId run_without_look_ahead(const PatternNode& node, size_t begin, size_t end) {
    std::vector<RegexId> parts;
    for (size_t i = begin; i < end;) {
      std::string literal;
      for (; i < end && is_one_character(node.parts[i]); ++i) append_utf8(literal, node.parts[i].set[0].first);
      count_steps(literal.size() / 16);
      parts.push_back(text(r_, literal, options_.writing));
      if (i < end) parts.push_back(language(node.parts[i++]));
    }
    return r_.concat(parts);
  }

  // Assertions in nested repetitions are written out, which may take forever.
  void count_steps(size_t n) {
    n_steps_ += n;
    if (n_steps_ > kMaxPatternSteps) fail_in_pattern(pattern_, 0, "this is too long, or repeats too many assertions");
  }

  RegexId characters(const CharacterSet& set) {
    std::u32string key;
    for (const CodePoints& range : set) key += {range.first, range.last};
    const auto [found, is_new] = characters_.try_emplace(std::move(key), Regexes::kNothing);
    if (is_new) found->second = character(r_, set, options_.writing);
    return found->second;
  }

  RegexId begins_with_word() { return r_.concat(characters(word_class()), Regexes::kAnything); }
  RegexId not_word() {
    return r_.either(Regexes::kEmpty, r_.concat(characters(complement(word_class())), Regexes::kAnything));
  }

  Regexes& r_;
  std::string_view pattern_;
  PatternOptions options_;
  RegexId any_;
  size_t n_steps_ = 0;
  std::map<std::u32string, RegexId> characters_;
};

}  // namespace

RegexId parse_pattern(Regexes& regexes, std::string_view pattern, const PatternOptions& options) {
  return PatternCompiler(regexes, pattern, options).compile();
}

}  // namespace facet::constraint
