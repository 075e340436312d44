#include "text/chat_value.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/error.h"
#include "text/json_text.h"

namespace facet::text {
namespace {

std::string number(const std::string& json) { return number_text(parse_chat_json(json)); }

TEST(ChatValue, NumbersKeepTheirValue) {
  EXPECT_EQ(number("0"), "0");
  EXPECT_EQ(number("-7"), "-7");
  EXPECT_EQ(number("9007199254740993"), "9007199254740993");
  EXPECT_EQ(number("18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(number("-9223372036854775809"), "-9223372036854775809");
  EXPECT_EQ(number("123456789012345678901234567890"), "123456789012345678901234567890");
  EXPECT_EQ(number("2.50"), "2.5");
  EXPECT_EQ(number("-0.125"), "-0.125");
  EXPECT_EQ(number("1.0"), "1");
  EXPECT_EQ(number("1e3"), "1000");
  EXPECT_EQ(number("1e16"), "1e+16");
  EXPECT_EQ(number("1e-7"), "1e-07");
  EXPECT_EQ(number("0.1"), "0.1");
}

TEST(ChatValue, JsonTextKeepsDigitsAndOrder) {
  const std::string json =
      R"({"z":[1,-2,18446744073709551616,2.5,true,null],"a":{"q\"\\\n":"é"},"empty":{},"none":[]})";
  EXPECT_EQ(chat_json_text(parse_chat_json(json)), json);
}

TEST(ChatValue, RefusesWhatIsNotJson) {
  for (const char* text : {"", "{", "{\"a\":}", "[1,]", "nul", "{\"a\":1} x", "\"\xff\""})
    EXPECT_THROW(parse_chat_json(text), RequestError) << text;
  EXPECT_THROW(parse_chat_json(std::string(100000, '[')), RequestError);
}

TEST(ChatValue, ReadsNumbersAsJsonSpellsThem) {
  for (const char* text : {"0", "-0", "10", "-1.5", "1e5", "1E+5", "2.5e-3", "0.5"})
    EXPECT_TRUE(is_json_number(text) && read_number(text).is_number()) << text;
  for (const char* text : {"", "-", "00", "01", "+1", ".5", "1.", "1e", "1e+", "0x1", "1 ", " 1", "1,2", "NaN", "--1"})
    EXPECT_TRUE(read_number(text).is_null()) << text;
  EXPECT_EQ(read_number("-12"), -12);
  EXPECT_EQ(read_number("2.5e-3"), 0.0025);
  EXPECT_EQ(number_text(read_number("1e400")), "1e400");
  EXPECT_EQ(number_text(read_number("99999999999999999999")), "99999999999999999999");
}

TEST(ChatValue, ManyKeysTakeTimeInProportion) {
  std::string json = "{";
  for (int i = 0; i < 200000; ++i) json += fmt::format("\"key{}\":{},", i, i);
  json += "\"key7\":\"again\"}";
  const auto start = std::chrono::steady_clock::now();
  const ChatJson object = parse_chat_json(json);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_EQ(object.size(), 200000u);
  EXPECT_NE(chat_json_text(object).find("\"key6\":6,\"key7\":\"again\",\"key8\":8"), std::string::npos);
}

TEST(ChatValue, TrimsThePythonWay) {
  EXPECT_EQ(trim(" \t\n\v\f\r\x1c\x1d\x1e\x1fx y\u0085\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"), "x y");
  EXPECT_EQ(trim("\u200bx\ufeff"), "\u200bx\ufeff");
  EXPECT_EQ(trim(" \u3000 "), "");
  EXPECT_EQ(trim_front(" x "), "x ");
  EXPECT_EQ(trim_back(" x "), " x");
  EXPECT_EQ(trim(" \x80 "), "\x80");  // a stray byte is no white space
}

TEST(ChatValue, SortsKeysByTheirLowerCase) {
  const ChatJson object = parse_chat_json(R"({"b":0,"_":1,"A":2,"a":3,"Ö":4,"C":5,"z":6})");
  std::string order;
  for (const auto& [key, value] : sorted_entries(object)) order += key + number_text(*value) + " ";
  EXPECT_EQ(order, "_1 A2 a3 b0 C5 z6 Ö4 ");
}

TEST(ChatValue, ResolvesJsonEscapes) {
  EXPECT_EQ(unescape_json(R"(a\"b\\c\/d\n\tA)"), "a\"b\\c/d\n\tA");
  EXPECT_EQ(unescape_json(R"(\u00e9\u4f60\ud83d\ude00)"), "é你😀");
  EXPECT_EQ(unescape_json(R"(\ud83d \ude00 \ud83d\u0041)"), "\ufffd \ufffd \ufffdA");
  EXPECT_EQ(unescape_json(R"(\x \u12 \)"), R"(\x \u12 \)");
}

TEST(ChatValue, NumbersBeyondAllRangesAreNamed) {
  try {
    parse_chat_json(R"({"maximum": 1e400})");
    FAIL() << "it was read";
  } catch (const RequestError& e) {
    EXPECT_STREQ(e.what(), "number 1e400 is too large: expected at most 1.7e308");
  }
}

}  // namespace
}  // namespace facet::text
