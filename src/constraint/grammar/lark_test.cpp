#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "constraint/grammar/common_terminals.h"
#include "constraint/grammar/lark.h"
#include "constraint/grammar/test_language.h"

namespace facet::constraint {
namespace {

TestLanguage lark_language(std::string_view text) {
  Grammar grammar;
  parse_lark(grammar, text);
  return TestLanguage(std::move(grammar));
}

std::string lark_error(std::string_view text) {
  Grammar grammar;
  try {
    parse_lark(grammar, text);
  } catch (const RequestError& error) {
    return error.what();
  }
  return "";
}

struct LarkCase {
  std::string grammar;
  std::vector<std::string> in, out;
};

TEST(Lark, DescribesTheTextsThatItSays) {
  const std::vector<LarkCase> cases = {
      {"start: \"yes\" | \"no\"", {"yes", "no"}, {"", "ye", "yesno", "Yes"}},
      {"start: \"a.b\"i", {"a.b", "A.B"}, {"axb"}},
      {"start: \"a\"..\"c\" \"\\u0430\"..\"\\u044f\"", {"aд", "cя"}, {"dд", "ad"}},
      {"start: /[a-c]+\\/x/ /é/i", {"a/xé", "abc/xÉ"}, {"/xé", "a/x"}},
      {"start: [\"-\"] A+\nA: \"0\"..\"9\" | \"x\"", {"-1", "1x2", "x"}, {"-", "--1", ""}},
      {"start: \"x\"~2 \"y\"~1..3", {"xxy", "xxyyy"}, {"xy", "xxyyyy"}},
      {"start: \"x\"{2} \"y\"{1,} \"z\"{,2}", {"xxy", "xxyyyzz"}, {"xy", "xxyzzz"}},
      {"?start.2: item (\",\" item)* -> list\n     | \"none\" -> nothing\n!item: \"a\" | _b\n_b: \"b\" // second\n# "
       "end\n",
       {"a", "a,b,a", "none"},
       {"", "a,", "nonea"}},
      {"%import common.INT\n%import common.CNAME -> NAME\n%import common (WS,\n  LF)\nstart: NAME WS INT LF",
       {"a_1 \t12\n"},
       {"1a 12\n", "a12\n"}},
      {"%llguidance {}\nstart: TEXT | call\ncall: \"<\" /[a-z]+/ \">\"\nTEXT: /[^<](.|\\n)*/",
       {"hello\nyou", "<abc>"},
       {"<1>", "", "<"}},
  };
  for (const LarkCase& test : cases) {
    SCOPED_TRACE(test.grammar);
    const TestLanguage language = lark_language(test.grammar);
    for (const auto& text : test.in) EXPECT_TRUE(language.has(text)) << text;
    for (const auto& text : test.out) EXPECT_FALSE(language.has(text)) << text;
  }
}

TEST(Lark, WhatIsIgnoredStandsBehindTerminalsAndNotInside) {
  const TestLanguage language = lark_language(R"lark(
start: expr
?expr: term | expr ("+" | "-") term
?term: factor | term ("*" | "/") factor
?factor: NUMBER | "-" factor | NAME "(" [expr ("," expr)*] ")" | "(" expr ")"
NUMBER: DIGIT+ ["." DIGIT+]
DIGIT: "0".."9"
%import common.CNAME -> NAME
%ignore " "
%ignore /\/\*[^*]*\*\//
)lark");
  for (const auto* text : {"1", "1 + 2*(3- -4.5) ", "max(1, f() /* none */, -2.5)/2", "1   + 2"})
    EXPECT_TRUE(language.has(text)) << text;
  for (const auto* text : {" 1", "1 2", "1. 5", "(1", "max(1,)", "1 +", "f(1)(", "x"})
    EXPECT_FALSE(language.has(text)) << text;
}

TEST(Lark, CommonTerminals) {
  const std::vector<LarkCase> cases = {
      {"ESCAPED_STRING", {"\"\"", "\"a\\\"b\\\\\""}, {"\"", "\"a\"b\"", "\"\\\"", "\"\n\""}},
      {"NUMBER", {"1", "1.", ".5", "1.5e-3", "2E10"}, {"", ".", "e3", "-1"}},
      {"FLOAT", {"1.", ".5", "1e5", "1.5e+3"}, {"1", ".", "1e"}},
      {"SIGNED_NUMBER", {"-1", "+.5", "3"}, {"--1", "-"}},
      {"SIGNED_INT", {"-12", "+0", "7"}, {"1.0", "-"}},
      {"C_COMMENT", {"/**/", "/* a * b */", "/***/"}, {"/*/", "/* */ */", "/* "}},
      {"NEWLINE", {"\n", "\r\n\n"}, {"", "\r"}},
      {"SQL_COMMENT", {"--", "-- x"}, {"-", "--\n"}},
  };
  for (const LarkCase& test : cases) {
    SCOPED_TRACE(test.grammar);
    const TestLanguage language = lark_language("%import common." + test.grammar + " -> T\nstart: T");
    for (const auto& text : test.in) EXPECT_TRUE(language.has(text)) << text;
    for (const auto& text : test.out) EXPECT_FALSE(language.has(text)) << text;
  }
  for (const CommonTerminal& terminal : common_terminals())
    EXPECT_EQ(lark_error(fmt::format("%import common.{} -> T\nstart: T", terminal.name)), "") << terminal.name;
}

TEST(Lark, SaysWhatIsWrongAndWhere) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"root: \"a\"", "line 1, column 1: the grammar has no rule \"start\""},
      {"start: a\na: B", "line 2, column 4: \"B\" is not defined"},
      {"start: A\nA: \"a\"\nA: \"b\"", "line 3, column 1: \"A\" is defined already"},
      {"start: A\nA: \"(\" A \")\" | \"x\"", "line 2, column 1: the terminal \"A\" refers to itself"},
      {"start: A\nA: b\nb: \"x\"", "line 2, column 4: a terminal cannot refer to the rule \"b\""},
      {"start: \"a", "line 1, column 8: the literal has no closing quote in its line"},
      {"start: /a\n", "line 1, column 8: the pattern has no closing / in its line"},
      {"start: \"x\" /a(/", "line 1, column 12: "},
      {"start: /a/x", "line 1, column 8: the flag x of patterns is not supported"},
      {"start: \"ab\"..\"c\"", "line 1, column 8: the ends of a range are one character each"},
      {"start: \"z\"..\"a\"", "line 1, column 8: a range of characters goes from the lower to the higher one"},
      {"start: <|think|>", "line 1, column 8: tokens (<...>) are not supported"},
      {"start: <[123]>", "line 1, column 8: tokens (<...>) are not supported"},
      {"start: %json {}", "line 1, column 8: %json, %regex and %lark are not supported"},
      {"start: list{A}\nA: \"a\"", "line 1, column 13: expected a count"},
      {"list{x}: x\nstart: \"a\"", "line 1, column 5: templates are not supported"},
      {"start[lazy]: /a*/", "line 1, column 6: options of rules"},
      {"%declare A\nstart: A", "line 1, column 1: expected %ignore or %import"},
      {"%import python.NAME\nstart: NAME", "line 1, column 9: only the library \"common\""},
      {"%import common.NAME\nstart: NAME", "line 1, column 16: the library \"common\" has no terminal \"NAME\""},
      {"start: (\"a\" \"b\"", "line 1, column 16: expected ) or |, found the end of the text"},
      {"start: \"a\"]", "line 1, column 11: expected the end of the line, found ']'"},
      {"start: " + std::string(1000, '['), "line 1, column 208: groups nest at most 200 deep"},
  };
  for (const auto& [grammar, message] : cases)
    EXPECT_TRUE(lark_error(grammar).starts_with(message)) << grammar << "\n" << lark_error(grammar);
}

}  // namespace
}  // namespace facet::constraint
