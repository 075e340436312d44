#include "constraint/grammar/gbnf.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "constraint/grammar/test_language.h"

namespace facet::constraint {
namespace {

TestLanguage gbnf_language(std::string_view text) {
  Grammar grammar;
  parse_gbnf(grammar, text);
  return TestLanguage(std::move(grammar));
}

std::string gbnf_error(std::string_view text) {
  Grammar grammar;
  try {
    parse_gbnf(grammar, text);
  } catch (const RequestError& error) {
    return error.what();
  }
  return "";
}

struct GbnfCase {
  std::string grammar;
  std::vector<std::string> in, out;
};

TEST(Gbnf, DescribesTheTextsThatItSays) {
  const std::vector<GbnfCase> cases = {
      {"root ::= \"yes\" | \"no\"", {"yes", "no"}, {"", "ye", "yesno", "Yes"}},
      {"root ::= [a-c] [^a-c\\n] .", {"axz", "bé\n"}, {"aaz", "a\nz", "ax"}},
      {"root ::= \"a\"* \"b\"+ \"c\"?", {"b", "aabbc", "bc"}, {"", "a", "ac", "bcc"}},
      {"root ::= \"x\"{2} [0-9]{1,3}", {"xx1", "xx123"}, {"x1", "xx", "xx1234"}},
      {"root ::= \"x\"{2,} \"y\"{0,1} \"z\"{ , 2}", {"xx", "xxxxyzz"}, {"x", "xxyy", "xxzzz"}},
      {"root ::= (\"ab\" | \"c\")+", {"ab", "cabc"}, {"", "a", "abb"}},
      {"root ::= | \"a\"", {"", "a"}, {"aa"}},
      {"root ::= \"\\\"\\\\\\x41\\u00e9\\U0001F600\\t\"", {"\"\\Aé😀\t"}, {"\"\\A"}},
      {"root ::= [\\]\\-\\\\\"a-]+", {"]-\\\"a-"}, {"b"}},
      {"root ::= \"\\xe9\"", {"é"}, {"\xe9"}},
      {"root ::= [а-я]+ [^\\x00-\\x7F]", {"дом", "жё"}, {"дoм", "д"}},
      {"root ::= [\\uD7FF-\\uE000]", {"\xed\x9f\xbf", "\xee\x80\x80"}, {"\xed\xa0\x80"}},
      // Lines, comments, and names as they come.
      {"# a list\nroot ::= item # one\n\n  | (\n item # more\n  \",\"\n root)\nitem ::= A-1 |\n  b_2\nA-1::=\"a\"\nb_2 "
       "::=\n \"b\"",
       {"a", "a,b", "b,a,a"},
       {"", "a,", "ab", ",a"}},
      {"root ::= \"a\" *\r\n", {"", "aa"}, {"b"}},
  };
  for (const GbnfCase& test : cases) {
    SCOPED_TRACE(test.grammar);
    const TestLanguage language = gbnf_language(test.grammar);
    for (const auto& text : test.in) EXPECT_TRUE(language.has(text)) << text;
    for (const auto& text : test.out) EXPECT_FALSE(language.has(text)) << text;
  }
}

TEST(Gbnf, RulesReferToThemselves) {
  const TestLanguage language = gbnf_language(R"(
root  ::= value ws
value ::= object | array | string | number | "true" | "false" | "null"
object ::= "{" ws ( member ("," ws member)* )? "}" ws
member ::= string ":" ws value
array ::= "[" ws ( value ("," ws value)* )? "]" ws
string ::= "\"" ( [^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) )* "\"" ws
number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
ws ::= | " " | "\n" [ \t]{0,20}
)");
  EXPECT_TRUE(language.has(R"({"a":[1, -2.5e+1, {"b\u00e9\n": null}], "c": ""})"));
  EXPECT_TRUE(language.has("[[[[]]]]"));
  EXPECT_TRUE(language.begins_with("[[[[ {\"a\": "));
  EXPECT_FALSE(language.begins_with("[[]]]"));
  EXPECT_FALSE(language.begins_with("{\"a\" 1"));
  EXPECT_FALSE(language.begins_with("{\"a\\x"));
  EXPECT_FALSE(language.has("[1,"));
}

TEST(Gbnf, RulesThatBeginWithThemselvesAreRead) {
  const TestLanguage language = gbnf_language("root ::= root \"+\" term | term\nterm ::= [0-9]+ | \"(\" root \")\"");
  EXPECT_TRUE(language.has("1+(2+33)+4"));
  EXPECT_FALSE(language.begins_with("1++"));
  EXPECT_FALSE(language.has("(1+2"));
}

TEST(Gbnf, SaysWhatIsWrongAndWhere) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "line 1, column 1: the grammar has no rule \"root\""},
      {"rot ::= \"a\"", "line 1, column 1: the grammar has no rule \"root\""},
      {"root ::= a\na ::= \"é\" b", "line 2, column 11: \"b\" is not defined"},
      {"root ::= \"a\"\nroot ::= \"b\"", "line 2, column 1: \"root\" is defined already"},
      {"root = \"a\"", "line 1, column 6: expected ::= behind the name of a rule, found '='"},
      {"root ::= \"a", "line 1, column 10: the literal has no closing quote in its line"},
      {"root ::= [a-z", "line 1, column 10: the [ has no closing ] in its line"},
      {"root ::= [z-a]", "line 1, column 11: a range of characters goes from the lower to the higher one"},
      {"root ::= []", "line 1, column 10: expected characters between [ and ]"},
      {"root ::= [\\d]", "line 1, column 12: expected n, r, t, f, v, x, u, U or punctuation behind \\, found 'd'"},
      {"root ::= \"\\ud800\"", "line 1, column 13: the escape stands for no character"},
      {"root ::= \"\\x4\"", "line 1, column 14: expected 2 hexadecimal digits, found '\"'"},
      {"root ::= (\"a\"", "line 1, column 14: expected ) or |, found the end of the text"},
      {"root ::= \"a\")", "line 1, column 13: expected the end of the rule \"root\", found ')'"},
      {"root ::= \"a\"{3,2}", "line 1, column 13: the second number of a repetition is the larger one"},
      {"root ::= \"a\"{}", "line 1, column 13: expected a number, as in {3}, {3,} or {3,5}"},
      {"root ::= \"a\"{1000000}", "line 1, column 14: counts go up to 100000"},
      {"root ::= * \"a\"", "line 1, column 10: expected a literal"},
      {"root ::= <think> \"a\"", "line 1, column 10: tokens (<...>) are not supported"},
      {"root ::= \"a\" !<[1000]>", "line 1, column 14: tokens (<...>) are not supported"},
      {"root ::= \"\xff\"", "line 1, column 11: not valid UTF-8"},
      {"root ::= \"\xc0\xaf\"", "line 1, column 11: not valid UTF-8"},
      {"root ::= " + std::string(1000, '('), "line 1, column 210: groups nest at most 200 deep"},
  };
  for (const auto& [grammar, message] : cases)
    EXPECT_TRUE(gbnf_error(grammar).starts_with(message)) << grammar << "\n" << gbnf_error(grammar);
}

// Rules that lead to each other 50,000 times, and rules that double 100 times: neither the stack nor memory goes.
TEST(Gbnf, LongAndLargeGrammarsAreBounded) {
  std::string chain = "root ::= a0\n", doubling = "root ::= a0 | b0\n";
  for (int i = 0; i < 50'000; ++i) chain += fmt::format("a{} ::= a{}\n", i, i + 1);
  for (int i = 0; i < 100; ++i)
    doubling += fmt::format("a{} ::= a{} a{}\nb{} ::= b{} | b{}\n", i, i + 1, i + 1, i, i + 1, i + 1);
  EXPECT_TRUE(gbnf_language(chain + "a50000 ::= \"x\"").has("x"));
  const TestLanguage doubled = gbnf_language(doubling + "a100 ::= \"x\"\nb100 ::= \"y\"");
  EXPECT_TRUE(doubled.has("y"));
  EXPECT_TRUE(doubled.begins_with("xxxxxxxxxx"));
  EXPECT_FALSE(doubled.has("xxxxxxxxxx"));

  std::string ambiguous = "root ::= a0\n";
  for (int i = 0; i < 100; ++i) ambiguous += fmt::format("a{} ::= a{} a{} | a{}\n", i, i + 1, i + 1, i + 1);
  EXPECT_THROW(gbnf_language(ambiguous + "a100 ::= \"x\"").has("x"), RequestError) << "2^100 ways to read it";
}

TEST(Gbnf, GrammarsThatAreTooAmbiguousEndInAnError) {
  std::string text = "root ::= a0\n";
  for (int i = 0; i < 100; ++i) text += fmt::format("a{} ::= a{} a{} | a{}\n", i, i + 1, i + 1, i + 1);
  const TestLanguage language = gbnf_language(text + "a100 ::= \"x\"");
  EXPECT_THROW(language.has("x"), RequestError);
}

// What is regular is one expression: a rule more does not make one node more.
TEST(Gbnf, RegularRulesAreOneTerminal) {
  Grammar grammar;
  parse_gbnf(grammar,
             "root ::= date (\" \" date)*\ndate ::= year \"-\" two \"-\" two\nyear ::= two two\ntwo ::= [0-9]{2}");
  EXPECT_EQ(grammar.node(grammar.root()).kind, Grammar::Kind::Terminal);

  Grammar large;  // but not one that is too large
  parse_gbnf(large, "root ::= (line \"\\n\"){1000}\nline ::= [a-z]{1,80}");
  EXPECT_NE(large.node(large.root()).kind, Grammar::Kind::Terminal);
}

}  // namespace
}  // namespace facet::constraint
