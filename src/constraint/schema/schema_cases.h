// For tests: schemas with texts that they allow and texts that they do not.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "constraint/matcher/matcher.h"
#include "constraint/schema/json_schema.h"

namespace facet::constraint {

struct SchemaCase {
  std::string_view schema;
  std::vector<std::string_view> good, bad;
};

inline std::shared_ptr<const CompiledGrammar> grammar_of_schema(std::string_view schema,
                                                                const Notation& notation = {}) {
  Grammar grammar;
  grammar.set_root(add_schema(grammar, SchemaJson::parse(schema), notation));
  return std::make_shared<const CompiledGrammar>(std::move(grammar));
}

inline bool allows(const std::shared_ptr<const CompiledGrammar>& grammar, std::string_view text) {
  static const std::shared_ptr<const TokenTable> no_tokens = TokenTable::make({{"a"}, {}, {}});
  Matcher matcher(grammar, no_tokens);
  return matcher.accept_bytes(text) && matcher.may_end();
}

inline void check_schemas(const std::vector<SchemaCase>& cases, const Notation& notation = {}) {
  for (const SchemaCase& c : cases) {
    SCOPED_TRACE(c.schema);
    try {
      const auto grammar = grammar_of_schema(c.schema, notation);
      for (const std::string_view text : c.good) EXPECT_TRUE(allows(grammar, text)) << "good: " << text;
      for (const std::string_view text : c.bad) EXPECT_FALSE(allows(grammar, text)) << "bad: " << text;
    } catch (const RequestError& e) {
      ADD_FAILURE() << e.what();
    }
  }
}

// The message with which a schema is refused; "" if it is not.
inline std::string schema_refusal(std::string_view schema, const Notation& notation = {}) {
  try {
    grammar_of_schema(schema, notation);
    return "";
  } catch (const RequestError& e) {
    return e.what();
  }
}

}  // namespace facet::constraint
