#include "constraint/schema/texts.h"

#include "base/error.h"
#include "constraint/regex/formats.h"
#include "constraint/regex/pattern.h"
#include "constraint/schema/values.h"

namespace facet::constraint {

RegexId Texts::string(const StringShape& shape, Writing writing, bool any_spelling) {
  if (shape.rules.empty() && !shape.values && shape.excluded.empty()) return any(shape.length, writing, any_spelling);
  const auto either_of = [&](const std::vector<std::string_view>& values) {
    std::vector<RegexId> parts;
    for (const std::string_view value : values) parts.push_back(text(regexes_, value, writing));
    return regexes_.either(parts);
  };
  std::vector<RegexId> parts;
  if (shape.values) parts.push_back(either_of(*shape.values));
  if (!shape.values || shape.length.min > 0 || shape.length.max >= 0)
    parts.push_back(any(shape.length, writing, false));
  for (const TextRule& r : shape.rules) {
    const RegexId compiled = rule(r, writing);
    parts.push_back(r.holds ? compiled : regexes_.complement(compiled));
  }
  if (!shape.excluded.empty()) parts.push_back(regexes_.complement(either_of(shape.excluded)));
  return regexes_.both(parts);
}

RegexId Texts::any(const Range& length, Writing writing, bool any_spelling) {
  const auto [it, is_new] = any_.try_emplace({length.min, length.max, writing, any_spelling}, Regexes::kNothing);
  if (!is_new) return it->second;
  const bool is_json = any_spelling && writing == Writing::Json;
  it->second =
      is_json ? any_json_text(regexes_, length.min, length.max) : any_text(regexes_, writing, length.min, length.max);
  return it->second;
}

RegexId Texts::quoted(RegexId content) {
  const bool is_json = notation_.kind == Notation::Kind::Json;
  const RegexId quote = is_json ? regexes_.literal("\"") : regexes_.control(notation_.quote);
  return regexes_.concat(quote, regexes_.concat(content, quote));
}

RegexId Texts::rule(const TextRule& rule, Writing writing) {
  const bool is_pattern = rule.kind == TextRule::Kind::Pattern;
  const int kind = (is_pattern ? 2 : 0) + (writing == Writing::Json ? 1 : 0);
  const auto [it, is_new] = compiled_.try_emplace({std::string(rule.text), kind}, Regexes::kNothing);
  if (!is_new) return it->second;
  try {
    return it->second = compile(rule, writing);
  } catch (const RequestError& e) {
    compiled_.erase(it);
    throw_error<RequestError>("schema at {}/{}: \"{}\": {}", references_.path(*rule.schema),
                              is_pattern ? "pattern" : "format", rule.text, e.what());
  }
}

RegexId Texts::compile(const TextRule& rule, Writing writing) {
  if (rule.kind == TextRule::Kind::Pattern) return parse_pattern(regexes_, rule.text, {writing, false});
  return *format(regexes_, rule.text, writing);
}

bool Texts::matches(const TextRule& rule, std::string_view text) {
  return regexes_.is_nullable(regexes_.derive(this->rule(rule, Writing::Plain), text));
}

RegexId Texts::number(const NumberShape& shape, TypeSet types) {
  std::vector<RegexId> parts;
  if (shape.values) {
    parts.push_back(literals(*shape.values));
  } else {
    std::vector<RegexId> kinds;
    const bool is_free = !shape.bounds.minimum && !shape.bounds.maximum;
    if ((types & kNumber) == kNumber)
      kinds.push_back(is_free ? any_number(regexes_) : constraint::number(regexes_, shape.bounds));
    else if ((types & kInteger) != 0)
      kinds.push_back(integers(shape.bounds));
    else
      kinds.push_back(fractions(shape.bounds));
    parts.push_back(regexes_.either(kinds));
  }
  const bool integer = (types & kNumber) == kInteger;
  for (const Decimal& of : shape.multiple_of) parts.push_back(multiples(of, integer));
  for (const Decimal& of : shape.not_multiple_of) parts.push_back(regexes_.complement(multiples(of, integer)));
  if (!shape.excluded.empty() && !shape.values) {
    for (const NumberValue& v : shape.excluded) {
      const NumberRule only{false, v.value, v.value, false, false, {}};
      parts.push_back(regexes_.complement(constraint::number(regexes_, only)));
    }
  }
  // Exclusion is by spelling, so the spellings with an exponent have to go.
  if (!shape.not_multiple_of.empty() || !shape.excluded.empty()) parts.push_back(plain_numbers());
  return regexes_.both(parts);
}

RegexId Texts::integers(const NumberRule& bounds) {
  NumberRule rule = bounds;
  rule.integer = true;
  return constraint::number(regexes_, rule);
}

// Numbers with a fraction that is not 0, without exponents.
RegexId Texts::fractions(const NumberRule& bounds) {
  const RegexId shape = parse_pattern(regexes_, "-?[0-9]+\\.[0-9]*[1-9][0-9]*", {Writing::Plain, true});
  return regexes_.both(constraint::number(regexes_, bounds), shape);
}

RegexId Texts::plain_numbers() { return parse_pattern(regexes_, "[^eE]*", {Writing::Plain, true}); }

RegexId Texts::literals(const std::vector<NumberValue>& values) {
  std::vector<RegexId> parts;
  for (const NumberValue& v : values) {
    parts.push_back(regexes_.literal(v.written));
    if (const std::string plain = plain_text(v.value); !plain.empty()) parts.push_back(regexes_.literal(plain));
  }
  return regexes_.either(parts);
}

RegexId Texts::multiples(const Decimal& of, bool integer) {
  NumberRule rule;
  rule.integer = integer;
  rule.multiple_of = of;
  return constraint::number(regexes_, rule);
}

}  // namespace facet::constraint
