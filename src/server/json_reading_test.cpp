#include "server/json_reading.h"

#include <gtest/gtest.h>

namespace facet::server {
namespace {

// What ApiError says about it.
template <class F>
std::string refusal(F&& read) {
  try {
    read();
  } catch (const ApiError& e) {
    EXPECT_EQ(e.status(), 400);
    return e.what();
  }
  return "no error";
}

TEST(JsonReading, BodyIsAnObject) {
  EXPECT_EQ(parse_body(R"({"a": 1})")["a"], 1);
  EXPECT_EQ(refusal([] { parse_body(""); }), "the request has no body, expected a JSON object");
  EXPECT_EQ(refusal([] { parse_body("[1]"); }), "the request's body is a list, expected a JSON object");
  EXPECT_TRUE(refusal([] { parse_body("{\"a\": "); }).starts_with("the request's body is no JSON"));
  EXPECT_TRUE(refusal([] { parse_body("{\"a\": \"\xff\"}"); }).starts_with("the request's body is no JSON"));
  EXPECT_TRUE(refusal([] { parse_body(std::string(100000, '[')); }).starts_with("the request's body is no JSON"));
}

TEST(JsonReading, NullIsUnset) {
  const Json body = parse_body(R"({"a": null, "b": false})");
  const Fields fields(body);
  EXPECT_FALSE(fields.has("a"));
  EXPECT_FALSE(fields.boolean("a"));
  EXPECT_FALSE(fields.number("a", 0, 1));
  EXPECT_FALSE(fields.object("a"));
  EXPECT_TRUE(fields.list("a").empty());
  EXPECT_TRUE(fields.strings("a").empty());
  EXPECT_EQ(fields.boolean("b"), false);
  EXPECT_EQ(refusal([&] { fields.require("a"); }), "a: is missing");
}

TEST(JsonReading, WrongTypesNameTheField) {
  const Json body = parse_body(R"({"o": {"s": 1, "l": ["a", 2]}, "n": "hot"})");
  const Fields fields(body), inner = *fields.object("o");
  EXPECT_EQ(refusal([&] { inner.string("s"); }), "o.s: expected a string, got a number");
  EXPECT_EQ(refusal([&] { inner.strings("l"); }), "o.l[1]: expected a string, got a number");
  EXPECT_EQ(refusal([&] { fields.number("n", 0, 2); }), "n: expected a number, got a string");
  EXPECT_EQ(refusal([&] { fields.list("o"); }), "o: expected a list, got an object");
  EXPECT_EQ(refusal([&] { Fields(inner.require("l"), "o.l"); }), "o.l: expected an object, got a list");
}

TEST(JsonReading, Numbers) {
  const Json body = parse_body(
      R"({"f": 8.0, "h": 8.5, "huge": 123456789012345678901234567890, "u": 18446744073709551615, "e": 1e300})");
  const Fields fields(body);
  EXPECT_EQ(fields.integer("f"), 8);
  EXPECT_EQ(fields.number("h", 0, 9), 8.5);
  for (const char* key : {"h", "huge", "u", "e"})
    EXPECT_TRUE(refusal([&] { fields.integer(key); }).starts_with(std::string(key) + ": expected a whole number"));
  EXPECT_EQ(refusal([&] { fields.integer("f", 0, 4); }), "f: expected a whole number from 0 to 4, got 8.0");
  EXPECT_EQ(refusal([&] { fields.number("h", 0, 2); }), "h: expected a number from 0 to 2, got 8.5");
  EXPECT_EQ(refusal([&] { fields.number("huge", 0, 2); }),
            "huge: expected a number from 0 to 2, got 123456789012345678901234567890");
}

TEST(JsonReading, StopStringsAreFew) {
  Json body = parse_body(R"({"one": "END", "some": ["", "a", "b"]})");
  body["many"] = std::vector<std::string>(65, "x");
  const Fields fields(body);
  EXPECT_EQ(stop_strings(fields, "one"), std::vector<std::string>{"END"});
  EXPECT_EQ(stop_strings(fields, "some"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(stop_strings(fields, "none").empty());
  EXPECT_EQ(refusal([&] { stop_strings(fields, "many"); }), "many: more than 64 strings");
}

}  // namespace
}  // namespace facet::server
