#include "evaluation/expectation.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "evaluation/python_cases.h"

namespace facet::evaluation {
namespace {

using text::ChatJson;
using text::parse_chat_json;

Expectation expect(const std::string& json) { return parse_expectation(parse_chat_json(json)); }

Answer said(const std::string& content) { return {content, ChatJson::array()}; }
Answer called(const std::string& calls, const std::string& content = "") { return {content, parse_chat_json(calls)}; }

bool is_right(const std::string& expectation, const Answer& answer) {
  return judge(expect(expectation), answer).result == Result::Right;
}

std::string refusal(const std::string& json) {
  try {
    expect(json);
  } catch (const RequestError& e) {
    return e.what();
  }
  return "none";
}

TEST(Expectation, TextIsExactButForWhiteSpaceAroundIt) {
  EXPECT_TRUE(is_right(R"({"text":"Hello, you."})", said("\n Hello, you. \n")));
  EXPECT_TRUE(is_right(R"({"text":" a "})", said("a")));
  EXPECT_TRUE(is_right(R"({"text":""})", said("  \n")));
  EXPECT_FALSE(is_right(R"({"text":"Hello, you."})", said("Hello,  you.")));
  EXPECT_FALSE(is_right(R"({"text":"Hello"})", said("hello")));
  EXPECT_FALSE(is_right(R"({"text":"Hello"})", said("Hello!")));
}

TEST(Expectation, ACallWhereNoneWasExpectedIsWrong) {
  const Answer answer = called(R"([{"name":"f","arguments":{}}])", "Hello");
  EXPECT_FALSE(is_right(R"({"text":"Hello"})", answer));
  EXPECT_EQ(judge(expect(R"({"text":"Hello"})"), answer).why, "it called a function");
  EXPECT_FALSE(is_right(R"({"calls":[]})", answer));
  EXPECT_TRUE(is_right(R"({"calls":[]})", said("There is no function for that.")));
}

TEST(Expectation, CallsAreTheSameInTheSameOrder) {
  const std::string two = R"({"calls":[{"name":"f","arguments":{"a":1,"b":["x",null]}},{"name":"g","arguments":{}}]})";
  EXPECT_TRUE(
      is_right(two, called(R"([{"name":"f","arguments":{"b":["x",null],"a":1.0}},{"name":"g","arguments":{}}])")));
  EXPECT_TRUE(is_right(
      two, called(R"([{"name":"f","arguments":{"a":1,"b":["x",null]}},{"name":"g","arguments":{}}])", "Let me see.")));
  for (const char* other : {R"([{"name":"g","arguments":{}},{"name":"f","arguments":{"a":1,"b":["x",null]}}])",
                            R"([{"name":"f","arguments":{"a":1,"b":["x",null]}}])",
                            R"([{"name":"f","arguments":{"a":"1","b":["x",null]}},{"name":"g","arguments":{}}])",
                            R"([{"name":"f","arguments":{"a":1,"b":[null,"x"]}},{"name":"g","arguments":{}}])",
                            R"([{"name":"f","arguments":{"a":1}},{"name":"g","arguments":{}}])",
                            R"([{"name":"f","arguments":{"a":1,"b":["x",null],"c":0}},{"name":"g","arguments":{}}])",
                            R"([{"name":"F","arguments":{"a":1,"b":["x",null]}},{"name":"g","arguments":{}}])"})
    EXPECT_FALSE(is_right(two, called(other))) << other;
}

TEST(Expectation, JsonIsComparedAsValues) {
  const std::string expected = R"({"json":{"name":"Ann","tags":["a","b"],"n":2}})";
  EXPECT_TRUE(is_right(expected, said("{\"n\": 2,\n \"tags\": [\"a\", \"b\"], \"name\": \"Ann\"}\n")));
  EXPECT_FALSE(is_right(expected, said(R"({"name":"Ann","tags":["b","a"],"n":2})")));
  EXPECT_FALSE(is_right(expected, said(R"({"name":"Ann","tags":["a","b"],"n":true})")));
  const Verdict prose = judge(expect(expected), said("Here it is: {}"));
  EXPECT_EQ(prose.result, Result::Wrong);
  EXPECT_EQ(prose.why, "it is no JSON");
  EXPECT_TRUE(is_right(R"({"json":null})", said("null")));
  EXPECT_TRUE(is_right(R"({"json":12345678901234567890123})", said("12345678901234567890123")));
  EXPECT_FALSE(is_right(R"({"json":12345678901234567890123})", said("12345678901234567890124")));
}

TEST(Expectation, WhatIsNoneIsNamed) {
  EXPECT_EQ(refusal("{}"), "expect: expected an object with one of text, calls, json and python");
  EXPECT_EQ(refusal(R"({"text":"a","json":1})"), "expect: expected an object with one of text, calls, json and python");
  EXPECT_EQ(refusal(R"({"txt":"a"})"), "expect: expected an object with one of text, calls, json and python");
  EXPECT_EQ(refusal(R"({"text":1})"), "expect.text: expected a string");
  for (const char* calls : {"{}", R"([{"name":"f"}])", R"([{"name":1,"arguments":{}}])",
                            R"([{"name":"f","arguments":[]}])", R"([{"name":"f","arguments":{},"id":"1"}])"})
    EXPECT_TRUE(refusal(std::string(R"({"calls":)") + calls + "}").starts_with("expect.calls: expected a list"))
        << calls;
  for (const char* cases : {"[]", "1", "[[1,2]]", "[[[1]]]", "[[[1],2,3]]"})
    EXPECT_TRUE(refusal(std::string(R"({"python":{"cases":)") + cases + "}}").starts_with("expect.python: expected"))
        << cases;
}

TEST(Expectation, LinesForWhoCompares) {
  EXPECT_EQ(to_line(expect(R"({"text":"a b"})")), "a b");
  EXPECT_EQ(to_line(expect(R"({"json":{"a": 1}})")), R"({"a":1})");
  EXPECT_EQ(to_line(called(R"([{"name":"f","arguments":{}}])", "See:\n")), R"(See: [{"name":"f","arguments":{}}])");
}

Verdict run(const std::string& function, const std::string& cases) {
  return run_cases(function, parse_chat_json(cases));
}

// Each run starts a program, so that a test asks much of one.
class PythonCases : public testing::Test {
 protected:
  static void SetUpTestSuite() { is_here_ = run("abs", "[[[-1],1]]").result == Result::Right; }
  void SetUp() override {
    if (!is_here_) GTEST_SKIP() << "python3 is not here";
  }
  static inline bool is_here_ = false;
};

TEST_F(PythonCases, AFunctionIsRightWhenAllItsResultsAre) {
  // Texts, lists, a tuple for a list, numbers of either kind, truths.
  EXPECT_EQ(run("lambda a, b: (a + b, len(a), b == a)",
                R"([[["x","y"],["xy",1,false]],[[[1],[2]],[[1,2],1,false]],[["",""],["",0.0,true]]])")
                .result,
            Result::Right);
  const Verdict second = run("lambda a: a * 2", "[[[1],2],[[2],5]]");
  EXPECT_EQ(second.result, Result::Wrong);
  EXPECT_EQ(second.why, "f(2) is 4, not 5");
}

TEST_F(PythonCases, ATruthIsNoNumber) {
  EXPECT_EQ(run("lambda a: a > 1", "[[[2],1]]").why, "f(2) is True, not 1");
  EXPECT_EQ(run("lambda a: 1", "[[[2],true]]").why, "f(2) is 1, not True");
}

TEST_F(PythonCases, WhatFailsSaysHow) {
  EXPECT_EQ(run("lambda a: a[9]", "[[[[1]],2]]").why, "IndexError: list index out of range");
  EXPECT_TRUE(run("def f(x): return x", "[[[1],1]]").why.starts_with("SyntaxError")) << "a statement is no expression";
  EXPECT_EQ(run("7", "[[[1],1]]").why, "it is no function");
  EXPECT_EQ(run(std::string("lambda: 1\0", 10), "[[[],1]]").why, "it has a zero byte");
}

TEST_F(PythonCases, NothingOfTheMachineIsWithinReach) {
  EXPECT_EQ(run("lambda: open('/etc/passwd').read()", "[[[],1]]").why, "NameError: name 'open' is not defined");
  EXPECT_TRUE(run("lambda: len('x' * (1 << 34))", "[[[],1]]").why.starts_with("MemoryError"));
}

TEST(PythonCasesWithout, APythonThatIsNotHereIsNoVerdict) {
  const Verdict v = run_cases("lambda: 1", parse_chat_json("[[[],1]]"), "facet-no-such-python");
  EXPECT_EQ(v.result, Result::Skipped);
  EXPECT_EQ(v.why, "facet-no-such-python is not here to run functions");
}

}  // namespace
}  // namespace facet::evaluation
