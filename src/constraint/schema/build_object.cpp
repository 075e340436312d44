// Objects of the grammar: declared members, and classes of keys for all others.
#include <algorithm>

#include "base/error.h"
#include "constraint/regex/pattern.h"
#include "constraint/schema/builder.h"

namespace facet::constraint {
namespace {

// Each combination of patterns that a key may match is a class of its own.
constexpr size_t kMaxKeyPatterns = 6;
// The same for names that may be there or not, where it has to be known which.
constexpr size_t kMaxOptionalNames = 6;

// Keys that readers of calls take for keys wherever they stand; what is not declared has such keys only.
constexpr const char* kBareKey = "[A-Za-z_][A-Za-z0-9_./-]{0,63}";

bool is_bare_key(std::string_view key) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  return !key.empty() && is_letter(key[0]) && std::all_of(key.begin(), key.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '/' || c == '-';
  });
}

}  // namespace

// In calls keys are bare where they can be, else between quotes like strings.
std::string Builder::key_text(std::string_view key) const {
  if (notation_.kind == Notation::Kind::Json) return SchemaJson(key).dump();
  if (is_bare_key(key)) return std::string(key);
  const std::string quote{static_cast<char>(kControlByte), static_cast<char>(notation_.quote)};
  return quote + std::string(key) + quote;
}

void Builder::add_object(const ObjectShape& object, std::vector<NodeId>& out) {
  if (!object.some.empty()) return add_object_with_some(object, out);
  ObjectNode node;
  node.open = marks_.open_object;
  node.close = marks_.close_object;
  node.colon = marks_.colon;
  node.comma = marks_.comma;
  node.properties = properties(object);
  node.others = others(object);
  node.min_members = object.size.min;
  node.max_members = object.size.max;
  out.push_back(grammar_.object(std::move(node)));
}

// One alternative for each known name that the member may have, and some for all other names.
void Builder::add_object_with_some(const ObjectShape& object, std::vector<NodeId>& out) {
  ObjectShape rest = object;
  const ObjectShape::Some some = std::move(rest.some.back());
  rest.some.pop_back();
  const auto is_it = [&](std::string_view name) {
    const Conditions value = expander_.member(rest, name);
    return !expander_.covers(*some.scope, name) && all_of(value, some.value) == value;
  };
  if (std::any_of(rest.required.begin(), rest.required.end(), is_it)) return add_object(rest, out);
  for (const std::string_view name : object.known_names()) {
    if (expander_.covers(*some.scope, name)) continue;
    if (expander_.is_possible(all_of(expander_.member(rest, name), some.value)))
      add_object(with_known(rest, {{name, some.value}}, {name}), out);
  }
  // Names that only `some` knows are known from here on.
  std::map<std::string_view, Conditions> none;
  for (const auto& entry : some.scope->named) none[entry.first];
  add_object_with_unknown(with_known(rest, none, {}), some, out);
}

ObjectShape Builder::with_known(ObjectShape object, std::map<std::string_view, Conditions> named,
                                const std::vector<std::string_view>& required) const {
  auto scope = std::make_shared<MemberScope>();
  scope->named = std::move(named);
  object.scopes.push_back(std::move(scope));
  for (const std::string_view name : required) {
    const auto at = std::lower_bound(object.required.begin(), object.required.end(), name);
    if (at == object.required.end() || *at != name) object.required.insert(at, name);
  }
  return object;
}

// Where it is known which of the known names are there, one more member than those has an unknown name.
void Builder::add_object_with_unknown(const ObjectShape& object, const ObjectShape::Some& some,
                                      std::vector<NodeId>& out) {
  const auto keys = other_keys(object);
  const auto can_be_it = [&](const auto& entry) { return expander_.is_possible(all_of(entry.first, some.value)); };
  if (std::none_of(keys.begin(), keys.end(), can_be_it)) return;
  std::map<std::string_view, Conditions> absent;
  std::vector<std::string_view> optional;
  for (const std::string_view name : object.known_names()) {
    if (std::binary_search(object.required.begin(), object.required.end(), name)) continue;
    if (expander_.covers(*some.scope, name) && expander_.is_possible(expander_.member(object, name)))
      optional.push_back(name);
    else
      absent[name] = expander_.impossible();
  }
  if (!some.value.empty() || !some.scope->patterns.empty() || optional.size() > kMaxOptionalNames)
    throw_error<RequestError>(
        "schema: objects that break additionalProperties with a key that is not declared cannot be described here; "
        "\"not\", \"if\" or branches of oneOf that may both match ask for them");
  for (size_t there = 0; there < size_t{1} << optional.size(); ++there) {
    std::map<std::string_view, Conditions> named = absent;
    std::vector<std::string_view> required;
    for (size_t i = 0; i < optional.size(); ++i) {
      if ((there >> i & 1) != 0)
        required.push_back(optional[i]);
      else
        named[optional[i]] = expander_.impossible();
    }
    ObjectShape with = with_known(object, std::move(named), required);
    with.size.min = std::max(with.size.min, static_cast<int>(with.required.size()) + 1);
    if (!with.size.is_empty()) add_object(with, out);
  }
}

std::vector<ObjectNode::Property> Builder::properties(const ObjectShape& object) {
  std::vector<ObjectNode::Property> out;
  for (const std::string_view name : object.known_names()) {
    const Conditions conditions = expander_.member(object, name);
    if (!expander_.is_possible(conditions) || !expander_.is_possible_name(object, name)) continue;
    const bool is_required = std::binary_search(object.required.begin(), object.required.end(), name);
    out.push_back({key_text(name), value(conditions), is_required});
  }
  return out;
}

std::vector<ObjectNode::Others> Builder::others(const ObjectShape& object) {
  Regexes& regexes = grammar_.regexes();
  const RegexId quote =
      notation_.kind == Notation::Kind::Json ? regexes.literal("\"") : static_cast<RegexId>(Regexes::kEmpty);
  std::vector<ObjectNode::Others> out;
  for (const auto& [conditions, keys] : other_keys(object))
    out.push_back({regexes.concat(quote, regexes.concat(keys, quote)), value(conditions)});
  return out;
}

RegexId Builder::unknown_key(const ObjectShape& object) {
  Regexes& regexes = grammar_.regexes();
  const Writing writing = texts_.writing();
  std::vector<RegexId> known;
  for (const std::string_view name : object.known_names()) known.push_back(text(regexes, name, writing));
  std::vector<RegexId> parts;
  if (notation_.kind == Notation::Kind::Call) parts.push_back(parse_pattern(regexes, kBareKey, {writing, true}));
  parts.push_back(object.names.empty() ? texts_.string({}, writing) : expander_.key_texts(object.names));
  if (!known.empty()) parts.push_back(regexes.complement(regexes.either(known)));
  return regexes.both(parts);
}

// What a member is held to whose key is not known and matches these patterns and no others.
Conditions Builder::other_member(const ObjectShape& object, const std::vector<std::string_view>& matched) const {
  Conditions out;
  for (const auto& scope : object.scopes) {
    bool is_covered = false;
    for (const auto& pattern : scope->patterns) {
      if (std::find(matched.begin(), matched.end(), pattern.text) == matched.end()) continue;
      out = all_of(out, pattern.value);
      is_covered = true;
    }
    if (!is_covered && scope->additional) out = all_of(out, *scope->additional);
  }
  return out;
}

// A call with arguments that its function does not declare obeys a schema that says nothing of them, and is of no use
// to anybody: they are offered only where the schema speaks of them, or declares nothing.
bool Builder::offers_undeclared(const ObjectShape& object) const {
  const auto n_known = static_cast<int>(object.known_names().size());
  return !notation_.only_declared || n_known == 0 || object.size.min > n_known ||
         std::any_of(object.scopes.begin(), object.scopes.end(),
                     [](const auto& scope) { return scope->additional.has_value(); });
}

std::map<Conditions, RegexId> Builder::other_keys(const ObjectShape& object) {
  const std::vector<TextRule> patterns = key_patterns(object);
  Regexes& regexes = grammar_.regexes();
  std::map<Conditions, RegexId> out;
  RegexId unknown = Regexes::kNothing;  // not asked for where nothing may have such a key
  for (size_t choice = 0; choice < size_t{1} << patterns.size(); ++choice) {
    std::vector<std::string_view> matched;
    for (size_t i = 0; i < patterns.size(); ++i) {
      if ((choice >> i & 1) != 0) matched.push_back(patterns[i].text);
    }
    const Conditions conditions = other_member(object, matched);
    if (!expander_.is_possible(conditions) || (matched.empty() && !offers_undeclared(object))) continue;
    if (unknown == Regexes::kNothing) unknown = unknown_key(object);
    std::vector<RegexId> parts = {unknown};
    for (size_t i = 0; i < patterns.size(); ++i) {
      const RegexId pattern = texts_.rule(patterns[i], texts_.writing());
      parts.push_back((choice >> i & 1) != 0 ? pattern : regexes.complement(pattern));
    }
    const RegexId keys = regexes.both(parts);
    if (regexes.is_nothing(keys)) continue;
    const auto [it, is_new] = out.try_emplace(conditions, keys);
    if (!is_new) it->second = regexes.either(it->second, keys);
  }
  return out;
}

std::vector<TextRule> Builder::key_patterns(const ObjectShape& object) const {
  std::vector<TextRule> out;
  for (const auto& scope : object.scopes) {
    for (const auto& pattern : scope->patterns) {
      const auto is_same = [&](const TextRule& rule) { return rule.text == pattern.text; };
      if (std::any_of(out.begin(), out.end(), is_same)) continue;
      out.push_back({TextRule::Kind::Pattern, true, pattern.text, pattern.schema});
    }
  }
  if (out.size() > kMaxKeyPatterns)
    throw_error<RequestError>("schema at {}/patternProperties: {} patterns meet in one object, expected at most {}",
                              references_.path(*out[0].schema), out.size(), kMaxKeyPatterns);
  return out;
}

}  // namespace facet::constraint
