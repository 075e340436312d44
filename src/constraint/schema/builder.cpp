#include "constraint/schema/builder.h"

#include <algorithm>

#include "base/error.h"

namespace facet::constraint {
namespace {

constexpr size_t kMaxGrammarNodes = 1'000'000;
constexpr int kMaxSpaces = 20;

const SchemaJson kAnyObject = {{"type", "object"}};

}  // namespace

Builder::Builder(Grammar& grammar, const SchemaJson& document, const Notation& notation, SchemaNotes* notes)
    : grammar_(grammar),
      document_(document),
      notation_(notation),
      references_(document),
      texts_(grammar.regexes(), notation_, references_),
      expander_(references_, texts_, notes),
      marks_(punctuation()) {}

Builder::Punctuation Builder::punctuation() {
  Regexes& regexes = grammar_.regexes();
  const bool is_json = notation_.kind == Notation::Kind::Json;
  const bool is_spaced = is_json && notation_.white_space == WhiteSpace::Spaced;
  RegexId space = Regexes::kEmpty;
  if (is_json && notation_.white_space == WhiteSpace::Flexible) {
    ByteSet blanks;
    for (const char c : {' ', '\t', '\n', '\r'}) blanks.set(static_cast<unsigned char>(c));
    space = regexes.repeat(regexes.bytes(blanks), 0, kMaxSpaces);
  }
  const auto before = [&](const char* mark) { return grammar_.terminal(regexes.concat(space, regexes.literal(mark))); };
  const auto behind = [&](const char* mark) { return grammar_.terminal(regexes.concat(regexes.literal(mark), space)); };
  const auto around = [&](const char* mark) {
    return grammar_.terminal(regexes.concat(space, regexes.concat(regexes.literal(mark), space)));
  };
  return {behind("{"),
          before("}"),
          behind("["),
          before("]"),
          around(is_spaced ? ": " : ":"),
          around(is_spaced ? ", " : ",")};
}

NodeId Builder::build(bool is_object) {
  Conditions root = expander_.conditions(document_);
  if (is_object) root = all_of(root, expander_.conditions(kAnyObject));
  if (expander_.shapes(root).empty()) fail_as_contradiction();
  const NodeId node = value(root);
  while (!pending_.empty()) {
    const auto [rule, conditions] = pending_.back();
    pending_.pop_back();
    grammar_.define(rule, body(expander_.shapes(conditions)));
    if (grammar_.size() > kMaxGrammarNodes)
      throw_error<RequestError>("schema: its grammar has more than {} nodes", kMaxGrammarNodes);
  }
  expander_.note_inexact();
  return node;
}

void Builder::fail_as_contradiction() {
  const std::string path = references_.path(expander_.contradiction(document_));
  throw_error<RequestError>("schema{} contradicts itself: there is no value that obeys all it says",
                            path.empty() ? "" : " at " + path);
}

NodeId Builder::value(const Conditions& conditions) {
  if (const auto known = values_.find(conditions); known != values_.end()) return known->second;
  const Shapes& shapes = expander_.shapes(conditions);
  const auto has_parts = [](const Shape& shape) { return (shape.types & (kArray | kObject)) != 0; };
  NodeId node;
  if (std::any_of(shapes.begin(), shapes.end(), has_parts)) {
    node = grammar_.rule("value " + std::to_string(values_.size()));
    pending_.emplace_back(node, conditions);
  } else {
    node = body(shapes);
  }
  values_.emplace(conditions, node);
  return node;
}

NodeId Builder::body(const Shapes& shapes) {
  std::vector<RegexId> texts;
  std::vector<NodeId> parts;
  for (const Shape& shape : shapes) {
    if (!shape.undescribed.empty()) throw RequestError(shape.undescribed);
    texts.push_back(scalars(shape));
    if ((shape.types & kArray) != 0) add_array(shape.array, parts);
    if ((shape.types & kObject) != 0) add_object(shape.object, parts);
  }
  const RegexId text = grammar_.regexes().either(texts);
  if (text != Regexes::kNothing) parts.push_back(grammar_.terminal(text));
  return parts.size() == 1 ? parts[0] : grammar_.choice(std::move(parts));
}

RegexId Builder::scalars(const Shape& shape) {
  Regexes& regexes = grammar_.regexes();
  std::vector<RegexId> parts;
  if ((shape.types & kNull) != 0) parts.push_back(regexes.literal("null"));
  if ((shape.types & kTrue) != 0) parts.push_back(regexes.literal("true"));
  if ((shape.types & kFalse) != 0) parts.push_back(regexes.literal("false"));
  if ((shape.types & kNumber) != 0) parts.push_back(texts_.number(shape.number, shape.types));
  if ((shape.types & kString) != 0) parts.push_back(texts_.quoted(texts_.string(shape.string, texts_.writing(), true)));
  return regexes.either(parts);
}

NodeId add_schema(Grammar& grammar, const SchemaJson& schema, const Notation& notation, SchemaNotes* notes) {
  return Builder(grammar, schema, notation, notes).build(false);
}

NodeId add_object_schema(Grammar& grammar, const SchemaJson& schema, const Notation& notation, SchemaNotes* notes) {
  return Builder(grammar, schema, notation, notes).build(true);
}

NodeId add_any_value(Grammar& grammar, const Notation& notation) { return add_schema(grammar, true, notation); }

NodeId add_any_object(Grammar& grammar, const Notation& notation) { return add_schema(grammar, kAnyObject, notation); }

}  // namespace facet::constraint
