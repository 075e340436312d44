// What an answer has to be, and whether one is. Answers are compared exactly: there is no partly right.
#pragma once

#include <string>

#include "text/chat.h"

namespace facet::evaluation {

// What a model answered.
struct Answer {
  std::string content;
  text::ChatJson calls = text::ChatJson::array();  // of {"name", "arguments"}
};

enum class Result : uint8_t { Right, Wrong, Skipped };

struct Verdict {
  Result result = Result::Wrong;
  std::string why;  // of Wrong and Skipped, where there is more to say than that the two differ
};

struct Expectation {
  enum class Kind : uint8_t {
    Text,    // value: a string; the content, white space around it aside, and no call
    Calls,   // value: a list of {"name", "arguments"}; these calls in this order, whatever the content says
    Json,    // value: any; the content is JSON text of an equal value, and there is no call
    Python,  // value: {"cases": [[[argument...], result]...]}; the content is a Python function that gives these
             // results
  };
  Kind kind = Kind::Text;
  text::ChatJson value;
};

// {"text": ...}, {"calls": ...}, {"json": ...} or {"python": ...}. RequestError for anything else.
Expectation parse_expectation(const text::ChatJson& json);

// Python functions are run by python3 (see python_cases.h).
Verdict judge(const Expectation& expectation, const Answer& answer);

// Equal as JSON: the order of an object's members does not count, and 2 is 2.0.
bool same_json(const text::ChatJson& a, const text::ChatJson& b);

// The expected value in one line, and an answer in one line, for who compares them.
std::string to_line(const Expectation& expectation);
std::string to_line(const Answer& answer);

}  // namespace facet::evaluation
