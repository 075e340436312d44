#include "constraint/schema/expander.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "constraint/schema/keywords.h"

namespace facet::constraint {
namespace {

// Each alternative is a part of the grammar; what people write has a few dozen at most.
constexpr size_t kMaxAlternatives = 1000;
constexpr int kMaxMeetings = 200'000;
// Of schemas within schemas that describe the same value, and of values looked into ahead.
constexpr int kMaxInPlace = 200;
constexpr int kMaxLookAhead = 60;

const SchemaJson kAlwaysSchema = true;

}  // namespace

Expander::Expander(References& references, Texts& texts, SchemaNotes* notes)
    : references_(references), texts_(texts), notes_(notes) {
  intern(kAlwaysSchema, false);
}

void Expander::fail(const SchemaJson& schema, std::string_view keyword, std::string_view why) const {
  throw_error<RequestError>("schema at {}/{}: {}", references_.path(schema), keyword, why);
}

ConditionId Expander::intern(const SchemaJson& json, bool is_value) {
  const auto [it, is_new] = ids_.try_emplace({&json, is_value}, static_cast<ConditionId>(conditions_.size() * 2));
  if (is_new) conditions_.push_back({&json, is_value});
  return it->second;
}

ConditionId Expander::condition(const SchemaJson& schema) {
  const SchemaJson* at = &schema;
  for (int n_hops = 0;; ++n_hops) {
    if (at->is_boolean()) return at->get<bool>() ? kAlways : kNever;
    if (!at->is_object()) {
      const std::string path = references_.path(*at);
      throw_error<RequestError>("schema at {}: found {}, expected an object, true or false", path,
                                at->dump().substr(0, 80));
    }
    if (at->empty()) return kAlways;
    const bool is_reference = at->contains("$ref") && (at->size() == 1 || references_.ref_stands_alone());
    if (!is_reference) return intern(*at, false);
    if (n_hops > kMaxInPlace) fail(schema, "$ref", "refers to itself without end");
    note(*at);
    at = target(*at);
  }
}

std::vector<ConditionId> Expander::branches(const SchemaJson& schema, const char* keyword) {
  const SchemaJson* list = find_keyword(schema, keyword);
  if (list == nullptr) return {};
  if (!list->is_array() || list->empty()) fail(schema, keyword, "expected a list of schemas");
  std::vector<ConditionId> out;
  for (const SchemaJson& branch : *list) out.push_back(condition(branch));
  return out;
}

const SchemaJson* Expander::target(const SchemaJson& schema) {
  const auto text = [&](const char* keyword) {
    const SchemaJson* reference = find_keyword(schema, keyword);
    if (reference != nullptr && !reference->is_string()) fail(schema, keyword, "expected a string");
    return reference == nullptr ? std::string() : reference->get<std::string>();
  };
  if (schema.contains("$ref")) return &references_.resolve(schema, text("$ref"));
  if (schema.contains("$recursiveRef")) {
    if (text("$recursiveRef") != "#") fail(schema, "$recursiveRef", "expected \"#\"");
    return &references_.resolve(schema, "#");
  }
  if (!schema.contains("$dynamicRef")) return nullptr;
  const std::string reference = text("$dynamicRef");
  const size_t hash = reference.find('#');
  const std::string anchor = hash == std::string::npos ? "" : reference.substr(hash + 1);
  if (anchor.empty() || anchor[0] == '/') return &references_.resolve(schema, reference);
  if (const SchemaJson* only = references_.only_dynamic_anchor(anchor)) return only;
  fail(schema, "$dynamicRef", "depends on where it is used from; only one $dynamicAnchor of that name is supported");
}

const Shapes& Expander::shapes(const Conditions& conditions) {
  if (const auto known = shapes_.find(conditions); known != shapes_.end()) return known->second;
  Shapes out;
  const auto is_pair = [](ConditionId a, ConditionId b) { return (a ^ 1) == b; };
  const bool contradicts = std::adjacent_find(conditions.begin(), conditions.end(), is_pair) != conditions.end();
  if (conditions.empty()) {
    out = {Shape{}};
  } else if (conditions.size() == 1) {
    const ConditionId id = conditions[0];
    const auto& [json, is_value] = conditions_[id / 2];
    if (expanding_.count(id) != 0) fail(*json, "$ref", "refers to itself without end");
    if (++depth_ > kMaxInPlace + kMaxLookAhead) fail(*json, "", "schemas within schemas nest too deeply");
    expanding_.insert(id);
    out = pruned(expand(id));
    expanding_.erase(id);
    --depth_;
  } else if (!contradicts) {
    out = shapes({conditions[0]});
    for (size_t i = 1; i < conditions.size(); ++i) out = meet(out, shapes({conditions[i]}));
  }
  return shapes_.emplace(conditions, std::move(out)).first->second;
}

Shapes Expander::expand(ConditionId id) {
  if (id == kNever) return {};
  const Condition condition = conditions_[id / 2];
  const bool holds = id % 2 == 0;
  const SchemaJson* const json = condition.json;
  if (condition.is_value) return holds ? values({&json, 1}) : not_values({&json, 1});
  note(*json);
  return holds ? asserted(*json) : refuted(*json);
}

Shapes Expander::meet(const Shapes& a, const Shapes& b) {
  Shapes out;
  for (const Shape& x : a) {
    for (const Shape& y : b) {
      if (++n_meetings_ > kMaxMeetings)
        throw_error<RequestError>(
            "schema: its alternatives (anyOf, oneOf, if, dependencies, not) combine in too many ways");
      Shape both = x;
      both.meet(y);
      if (!both.is_nothing()) out.push_back(std::move(both));
    }
  }
  out = pruned(std::move(out));
  if (out.size() > kMaxAlternatives)
    throw_error<RequestError>(
        "schema: {} alternatives in one place (anyOf, oneOf, if, dependencies, not), expected at most {}", out.size(),
        kMaxAlternatives);
  return out;
}

Shapes Expander::exactly_one(const SchemaJson& schema) {
  const std::vector<ConditionId> ids = branches(schema, "oneOf");
  const size_t n = ids.size();
  std::vector<bool> overlaps(n * n, false);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < i; ++j)
      overlaps[i * n + j] = overlaps[j * n + i] = !meet(shapes(listed(ids[i])), shapes(listed(ids[j]))).empty();
  }
  Shapes out;
  for (size_t i = 0; i < n; ++i) {
    Shapes only = shapes(listed(ids[i]));
    for (size_t j = 0; j < n && !only.empty(); ++j) {
      if (overlaps[i * n + j]) only = meet(only, shapes(refused(ids[j])));
    }
    out.insert(out.end(), only.begin(), only.end());
  }
  return out;
}

Shapes Expander::conditional(const SchemaJson& schema, bool holds) {
  const auto branch = [&](const char* keyword) {
    const SchemaJson* part = find_keyword(schema, keyword);
    const ConditionId id = part == nullptr ? kAlways : condition(*part);
    return holds ? id : id ^ 1;
  };
  const ConditionId test = condition(*find_keyword(schema, "if")), then = branch("then"), otherwise = branch("else");
  if (then == otherwise) return shapes(listed(then));
  Shapes out = meet(shapes(listed(test)), shapes(listed(then)));
  const Shapes rest = meet(shapes(refused(test)), shapes(listed(otherwise)));
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

// Looks ahead from within an expansion: what leads back to a place that is being looked at is taken to be possible, and
// is no schema that refers to itself without end, for there is a part of a value in between.
bool Expander::is_possible(const Conditions& conditions) {
  if (conditions.empty() || depth_ > kMaxLookAhead) return true;
  const auto [it, is_new] = possible_.try_emplace(conditions, true);
  if (!is_new) return it->second;
  const std::set<ConditionId> outside = std::exchange(expanding_, {});
  it->second = !shapes(conditions).empty();
  expanding_ = outside;
  return it->second;
}

}  // namespace facet::constraint
