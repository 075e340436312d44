// The grammar of patterns, from alternatives down to single characters.
#include <algorithm>

#include "base/error.h"
#include "constraint/regex/character_classes.h"
#include "constraint/regex/pattern_escapes.h"
#include "constraint/regex/pattern_tree.h"

namespace facet::constraint {
namespace {

using PatternKind = PatternNode::Kind;

constexpr int kMaxPatternDepth = 200;
constexpr int kMaxPatternCount = 100'000;

struct PatternFlags {
  bool ignore_case = false, dot_matches_all = false;
};

PatternNode pattern_node(PatternKind kind, size_t place) {
  PatternNode node;
  node.kind = kind;
  node.place = place;
  return node;
}

PatternNode assertion(PatternKind kind, size_t place) {
  PatternNode node = pattern_node(kind, place);
  node.is_plain = false;
  return node;
}

bool is_assertion(const PatternNode& node) {
  return node.kind != PatternKind::Set && node.kind != PatternKind::Sequence && node.kind != PatternKind::Choice &&
         node.kind != PatternKind::Repeat;
}

void add_part(PatternNode& node, PatternNode part) {
  node.is_plain = node.is_plain && part.is_plain;
  node.parts.push_back(std::move(part));
}

class PatternReader {
 public:
  explicit PatternReader(std::string_view pattern) : text_(pattern) {}

  PatternNode read() {
    PatternNode all = choice();
    if (!text_.at_end()) text_.fail("this ')' closes nothing: write \\) for a parenthesis");
    return all;
  }

 private:
  PatternNode choice() {
    if (++depth_ > kMaxPatternDepth) text_.fail("groups are nested more than 200 deep");
    const PatternFlags outside = flags_;
    PatternNode first = sequence();
    if (text_.next_is("|")) {
      PatternNode all = pattern_node(PatternKind::Choice, first.place);
      add_part(all, std::move(first));
      while (text_.skip("|")) add_part(all, sequence());
      first = std::move(all);
    }
    flags_ = outside;
    --depth_;
    return first;
  }

  PatternNode sequence() {
    PatternNode all = pattern_node(PatternKind::Sequence, text_.place());
    while (!text_.at_end() && !text_.next_is("|") && !text_.next_is(")")) {
      const size_t place = text_.place();
      PatternNode part = atom();
      part.place = place;
      add_part(all, quantified(std::move(part)));
    }
    return all;
  }

  PatternNode atom() {
    const size_t place = text_.place();
    if (text_.skip("(")) return group(place);
    if (text_.skip("[")) return set(read_class(text_, flags_.ignore_case));
    if (text_.skip("^")) return assertion(PatternKind::Start, place);
    if (text_.skip("$")) return assertion(PatternKind::End, place);
    if (text_.skip(".")) return set(flags_.dot_matches_all ? complement({}) : complement(line_terminator_class()));
    if (text_.skip("\\")) return escape(place);
    if (text_.next_is("*") || text_.next_is("+") || text_.next_is("?"))
      text_.fail("there is nothing to repeat: write a backslash before this character if it is meant");
    const char32_t c = text_.character();
    return any_case({{c, c}});
  }

  static PatternNode set(CharacterSet characters) {
    PatternNode node = pattern_node(PatternKind::Set, 0);
    node.set = std::move(characters);
    return node;
  }
  PatternNode any_case(CharacterSet characters) const {
    return set(flags_.ignore_case ? without_case(characters) : std::move(characters));
  }

  PatternNode escape(size_t place) {
    if (text_.skip("b")) return assertion(PatternKind::WordEdge, place);
    if (text_.skip("B")) return assertion(PatternKind::NoWordEdge, place);
    if (text_.skip("A")) return assertion(PatternKind::Start, place);  // as other dialects write ^ and $
    if (text_.skip("z") || text_.skip("Z")) return assertion(PatternKind::End, place);
    const bool is_reference =
        !text_.at_end() && ((text_.rest()[0] >= '1' && text_.rest()[0] <= '9') || text_.next_is("k"));
    if (is_reference) text_.fail_at(place, "back references are not regular and not supported");
    return any_case(read_escape(text_));
  }

  PatternNode group(size_t place) {
    if (!text_.skip("?")) return group_content(place);
    if (text_.skip("#")) return text_.until(')'), pattern_node(PatternKind::Sequence, place);
    if (text_.skip("=")) return look_ahead(PatternKind::Ahead, place);
    if (text_.skip("!")) return look_ahead(PatternKind::NotAhead, place);
    if (text_.next_is("<=") || text_.next_is("<!")) text_.fail_at(place, "look-behind is not supported");
    if (text_.next_is(">")) text_.fail_at(place, "atomic groups are not supported: use (?:...)");
    if (text_.next_is("P=")) text_.fail_at(place, "back references are not regular and not supported");
    if (text_.skip("<") || text_.skip("P<")) {
      if (text_.until('>').empty()) text_.fail_at(place, "this group's name is empty");
      return group_content(place);
    }
    return group_with_flags(place);
  }

  PatternNode group_content(size_t place) {
    PatternNode out = choice();
    if (!text_.skip(")")) text_.fail_at(place, "this group has no closing ')'");
    return out;
  }

  PatternNode look_ahead(PatternKind kind, size_t place) {
    PatternNode out = assertion(kind, place);
    out.parts.push_back(group_content(place));
    return out;
  }

  // (?i:...) and (?:...); (?i) holds up to the end of the group around it.
  PatternNode group_with_flags(size_t place) {
    const PatternFlags outside = flags_;
    for (bool on = true; !text_.next_is(":") && !text_.next_is(")");) {
      if (text_.skip("i"))
        flags_.ignore_case = on;
      else if (text_.skip("s"))
        flags_.dot_matches_all = on;
      else if (text_.skip("-"))
        on = false;
      else if (!text_.skip("u"))
        text_.fail_at(place, "unknown kind of group: the flags i, s and u are supported");
    }
    if (text_.skip(")")) return pattern_node(PatternKind::Sequence, place);
    text_.skip(":");
    PatternNode out = group_content(place);
    flags_ = outside;
    return out;
  }

  PatternNode quantified(PatternNode part) {
    const size_t place = text_.place();
    int min = 0, max = -1;
    if (!quantifier(min, max)) return part;
    if (is_assertion(part)) text_.fail_at(place, "an assertion cannot be repeated");
    if (max >= 0 && max < min) text_.fail_at(place, "this repetition's limits are the wrong way round");
    if (std::max(min, max) > kMaxPatternCount) text_.fail_at(place, "repetitions are limited to 100000");
    text_.skip("?");  // lazy: the same texts
    if (text_.next_is("*") || text_.next_is("+") || text_.next_is("?")) text_.fail("a repetition cannot be repeated");
    PatternNode out = pattern_node(PatternKind::Repeat, part.place);
    out.min = min;
    out.max = max;
    add_part(out, std::move(part));
    return out;
  }

  bool quantifier(int& min, int& max) {
    if (text_.skip("*")) return true;
    if (text_.skip("+")) return min = 1, true;
    if (text_.skip("?")) return max = 1, true;
    const size_t place = text_.place();
    if (text_.skip("{"))
      if (const auto first = text_.number()) {
        min = max = *first;
        if (text_.skip(",")) max = text_.number().value_or(-1);
        if (text_.skip("}")) return true;
      }
    text_.go_back_to(place);  // a brace that counts nothing is a character
    return false;
  }

  PatternText text_;
  PatternFlags flags_;
  int depth_ = 0;
};

}  // namespace

PatternNode read_pattern(std::string_view pattern) { return PatternReader(pattern).read(); }

void fail_in_pattern(std::string_view pattern, size_t place, std::string_view what) {
  throw_error<RequestError>("pattern '{}', at byte {}: {}", printable(pattern, 200), place, what);
}

}  // namespace facet::constraint
