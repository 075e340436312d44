// Schemas with texts that satisfy them and texts that do not: what the constraint accepts must be the first, all of
// them and no others. A schema that cannot be enforced is refused with a reason; that is a skipped case.
#include <memory>

#include "apps/verify/chat_files.h"
#include "base/error.h"
#include "constraint/matcher/matcher.h"
#include "constraint/schema/json_schema.h"

namespace facet::verify {
namespace {

std::shared_ptr<const constraint::CompiledGrammar> compile_schema(const ChatJson& schema) {
  constraint::Grammar grammar;
  grammar.set_root(constraint::add_schema(grammar, schema, {}));
  return std::make_shared<constraint::CompiledGrammar>(std::move(grammar));
}

bool accepts(const std::shared_ptr<const constraint::CompiledGrammar>& grammar, const std::string& text) {
  static const auto no_tokens = constraint::TokenTable::make({});
  constraint::Matcher matcher(grammar, no_tokens);
  return matcher.accept_bytes(text) && matcher.may_end();
}

}  // namespace

void check_schema_case(const ChatJson& line, Case& result) {
  std::shared_ptr<const constraint::CompiledGrammar> grammar;
  try {
    grammar = compile_schema(line.at("schema"));
  } catch (const RequestError& e) {
    return result.skip(fmt::format("refused: {}", e.what()));
  }
  for (const ChatJson& test : line.at("tests")) {
    const std::string text = text::chat_json_text(test.at("data"));
    const bool valid = test.at("valid").get<bool>();
    result.expect(accepts(grammar, text) == valid, fmt::format("{} {}", valid ? "rejected" : "accepted", text));
  }
}

}  // namespace facet::verify
