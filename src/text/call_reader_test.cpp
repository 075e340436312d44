#include "text/call_reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "text/chat_value.h"

namespace facet::text {
namespace {

// The body with quote tokens for ~.
std::string body(std::string text) {
  std::replace(text.begin(), text.end(), '~', kQuote);
  return text;
}

// "name{...}", or "" for what is no call.
std::string read(const std::string& text) {
  const CallBody call = read_call(body(text));
  return call.name ? *call.name + chat_json_text(call.arguments) : "";
}

struct CallRow {
  const char *text, *expected;
};

void check_calls(std::initializer_list<CallRow> rows) {
  for (const CallRow& row : rows) EXPECT_EQ(read(row.text), row.expected) << row.text;
}

TEST(CallReader, ReadsNames) {
  check_calls({{"call:f{}", "f{}"},
               {" call:f {}\n", "f{}"},
               {":f{a:1}", R"(f{"a":1})"},
               {"f{a:1}", R"(f{"a":1})"},
               {"call:srv:fs.read-file/x{}", "srv:fs.read-file/x{}"},
               {"call:two words{}", "two words{}"},
               {"call:ping", "ping{}"},
               {"ping", "ping{}"},
               {"call:städte{}", "städte{}"}});
  check_calls({{"", ""},
               {"call:", ""},
               {"call:{a:1}", ""},
               {"call:f\ng{}", ""},
               {"call:~f~{}", ""},
               {"two words{}", ""},
               {"I am not sure.", ""},
               {"不知道", ""},
               {"(a)", ""},
               {"1st{}", ""}});
}

TEST(CallReader, ReadsJsonCalls) {
  check_calls({{R"({"name": "f", "arguments": {"a": [1, "x"]}})", R"(f{"a":[1,"x"]})"},
               {R"({"arguments": "{\"a\": 1}", "name": "f"})", R"(f{"a":1})"},
               {R"({"name": "f"})", ""},
               {R"({"name": "f", "arguments": 1})", ""},
               {R"({"a": 1})", ""},
               {R"({"name": "f", "arguments": {}} x)", ""}});
}

TEST(CallReader, ReadsScalars) {
  check_calls({{"f{a:42,b:-7,c:2.5,d:1e3,e:true,f:False,g:None,h:null}",
                R"(f{"a":42,"b":-7,"c":2.5,"d":1000.0,"e":true,"f":false,"g":null,"h":null})"},
               {"f{a:.5,b:-.25}", R"(f{"a":0.5,"b":-0.25})"},
               {"f{a:00123,b:1.,c:+1,d:0x10,e:1_000,f:tru}",
                R"(f{"a":"00123","b":"1.","c":"+1","d":"0x10","e":"1_000","f":"tru"})"},
               {"f{a:123456789012345678901234567890}", R"(f{"a":123456789012345678901234567890})"},
               {"f{a:1e999}", R"(f{"a":1e999})"}});
}

TEST(CallReader, ReadsStringsAsTheyStand) {
  check_calls({{R"(f{a:~"x\n" {},[~,b:~~})", R"(f{"a":"\"x\\n\" {},[","b":""})"},
               {"f{a:~42~,b:~true~}", R"(f{"a":"42","b":"true"})"},
               {R"(f{a:"x\n\"y\"",b:"ü"})", R"(f{"a":"x\n\"y\"","b":"ü"})"},
               {R"(f{a:'it\'s',b:'x'~,c:1})", R"(f{"a":"it\\'s","b":"x","c":1})"}});
}

TEST(CallReader, ReadsKeys) {
  check_calls({{"f{~a b~:1,\"c\":~x~,'d':~y~,e f-g.h:4}", R"(f{"a b":1,"c":"x","d":"y","e f-g.h":4})"},
               {"f{a=1, b = 2,c :3}", R"(f{"a":1,"b":2,"c":3})"},
               {"f{a:1,a:2}", R"(f{"a":2})"},
               {"f{städt:1,都市:2}", R"(f{"städt":1,"都市":2})"}});
}

TEST(CallReader, ReadsNestedValues) {
  check_calls({{"f{o:{a:{b:[1,[2,3],{c:~d~}]},e:{}},l:[]}", R"(f{"o":{"a":{"b":[1,[2,3],{"c":"d"}]},"e":{}},"l":[]})"},
               {"f{ a : [ 1 , 2 ] ,\n b : { c : ~x~ } }", R"(f{"a":[1,2],"b":{"c":"x"}})"}});
}

TEST(CallReader, ReadsParentheses) {
  check_calls({{"call:f(a:1,b:~x~)", R"(f{"a":1,"b":"x"})"},
               {"call:f(a=1, b='x')", R"(f{"a":1,"b":"x"})"},
               {"call:f( {a:1} )", R"(f{"a":1})"},
               {"call:f()", "f{}"},
               {"call:f(a:(b:1)", R"(f{"a":"(b:1"})"},
               {"call:f(o:{a:x)})", R"_(f{"o":{"a":"x)"}})_"}});
  EXPECT_TRUE(read_call("call:f({a:1})").is_closed);
  EXPECT_FALSE(read_call("call:f({a:1}").is_closed);
}

// A comma ends a bare run where a key, a closer, a comma or the end follows, and in lists always.
TEST(CallReader, EndsBareRuns) {
  check_calls({{"f{a:Paris, France,days:2}", R"(f{"a":"Paris, France","days":2})"},
               {"f{a:x,b=1}", R"(f{"a":"x","b":1})"},
               {"f{a:x,\"b\":1}", R"(f{"a":"x","b":1})"},
               {"f{a:x,~b~:1}", R"(f{"a":"x","b":1})"},
               {"f{a:x, \"b\" c}", R"(f{"a":"x, \"b\" c"})"},
               {"f{a:x,,b:1}", R"(f{"a":"x","b":1})"},
               {"f{a:x,}", R"(f{"a":"x"})"},
               {"f{a:x,", R"(f{"a":"x"})"},
               {"f{a:10:30, 12:45,b:1}", R"(f{"a":"10:30, 12:45","b":1})"},
               {"f{a:,b:}", R"(f{"a":"","b":""})"},
               {"f{l:[red,green, blue,a:1]}", R"(f{"l":["red","green","blue","a:1"]})"},
               {"f{a:Oslo~,b:5~}", R"(f{"a":"Oslo","b":5})"},
               {"f{a:x ~y z}", R"(f{"a":"x \"y z"})"}});
}

TEST(CallReader, MendsBrackets) {
  check_calls({{"f{a:1", R"(f{"a":1})"},
               {"f{o:{l:[1,2", R"(f{"o":{"l":[1,2]}})"},
               {"f{a:1}},b:2}", R"(f{"a":1})"},
               {"f{l:[1,2},b]}", R"(f{"l":[1,2,"b"]})"},
               {"f{a:1],b:2}", R"(f{"a":1,"b":2})"},
               {"f{a:1,l:[1,2,],}", R"(f{"a":1,"l":[1,2]})"},
               {"f{,,a:1}", R"(f{"a":1})"},
               {"f{{a:1}}", R"(f{"a":1})"},
               {"f{a:~x~ junk,b:~y~,no separator}", R"(f{"a":"x","b":"y"})"}});
}

TEST(CallReader, MendsStringsThatAreNeverClosed) {
  check_calls({{"f{q:~rain}", R"(f{"q":"rain"})"},
               {"f{q:~rain today", R"(f{"q":"rain today"})"},
               {"f{q:~rain}}}", R"(f{"q":"rain}}"})"},
               {"f{o:{q:~rain}}", R"(f{"o":{"q":"rain"}})"},
               {"f{o:{q:~rain}\n}", R"(f{"o":{"q":"rain"}})"},
               {"f{l:[~a~,~b]}", R"(f{"l":["a","b"]})"},
               {"f{l:[~a}", R"(f{"l":["a}"]})"},
               {"f{q:~x]}", R"(f{"q":"x]"})"},
               {"f(q:~x)", R"(f{"q":"x"})"},
               {"f{q:\"rain}", R"(f{"q":"rain"})"},
               {"f{q:'rain}", R"(f{"q":"rain"})"},
               {"f{a:~x~,b:~", R"(f{"a":"x","b":""})"}});
}

TEST(CallReader, MendsStringsThatSwallowedAKey) {
  check_calls({{"f{path:~a.txt,mode:~w~}", R"(f{"path":"a.txt","mode":"w"})"},
               {"f{o:{q:~rain},n:~x~}", R"(f{"o":{"q":"rain"},"n":"x"})"},
               {"f{o:{l:[~a] } , n : ~x~}", R"(f{"o":{"l":["a"]},"n":"x"})"},
               // Followed as a string should be, it is one.
               {"f{q:~a,b:~,n:1}", R"(f{"q":"a,b:","n":1})"},
               {"f{q:~a,b:~}", R"(f{"q":"a,b:"})"},
               {"f{q:~a,b:~", R"(f{"q":"a,b:"})"}});
}

TEST(CallReader, SaysHowTheBodyEnds) {
  const auto ends_in_string = [](const char* text) { return read_call(body(text)).ends_in_string; };
  EXPECT_TRUE(ends_in_string("f{a:~x"));
  EXPECT_TRUE(ends_in_string("f{a:~x~,b:[~"));
  EXPECT_TRUE(ends_in_string("f{~a"));
  EXPECT_FALSE(ends_in_string("f{a:~x~"));
  EXPECT_FALSE(ends_in_string("f{a:x~"));
  EXPECT_FALSE(ends_in_string("f{a:1} ~x"));
  EXPECT_FALSE(ends_in_string("no call ~x"));
  const CallBody closed = read_call("f{a:1} rest");
  EXPECT_TRUE(closed.is_closed && !closed.is_repaired);
  EXPECT_EQ(closed.end, 6u);
  EXPECT_FALSE(read_call("f{a:{b:1}").is_closed);
  EXPECT_FALSE(read_call("f").is_closed);
  EXPECT_TRUE(read_call("f{a:1]}").is_repaired);
}

TEST(CallReader, ManyKeysTakeTimeInProportion) {
  std::string call = "f{";
  for (int i = 0; i < 200000; ++i) call += fmt::format("key{}:{},", i, i);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(read_call(call + "}").arguments.size(), 200000u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(CallReader, BoundsNesting) {
  const CallBody call = read_call("f{a:" + std::string(100000, '['));
  EXPECT_EQ(call.name, "f");
  EXPECT_EQ(read_call("f" + std::string(100000, '{')).name, "f");
}

}  // namespace
}  // namespace facet::text
