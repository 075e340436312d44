#include "server/thought_memory.h"

#include <gtest/gtest.h>

#include "server/messages.h"

namespace facet::server {
namespace {

Json asked() { return Json::parse(R"([{"role": "system", "content": "s"}, {"role": "user", "content": "weather?"}])"); }
Json weather_call() { return Json::parse(R"([{"name": "weather", "arguments": {"city": "Paris"}}])"); }

// The conversation as a client sends it back: with an id of its own, and without the thought.
Json returned(const char* city = "Paris") {
  Json m = asked();
  m.push_back(
      {{"role", "assistant"},
       {"content", nullptr},
       {"tool_calls",
        {{{"id", "call4d2a"}, {"function", {{"name", "weather"}, {"arguments", Json{{"city", city}}.dump()}}}}}}});
  m.push_back({{"role", "tool"}, {"tool_call_id", "call4d2a"}, {"content", "rain"}});
  return prepare_messages(m);
}

TEST(ThoughtMemory, PutsBackWhatTheClientLeftOut) {
  ThoughtMemory memory;
  memory.remember("me", prepare_messages(asked()), weather_call(), "I should look.");
  Json m = returned();
  memory.restore("me", m);
  EXPECT_EQ(m[2]["reasoning"], "I should look.");
}

TEST(ThoughtMemory, AlsoBehindANoteOfTheClient) {
  ThoughtMemory memory;
  memory.remember("me", prepare_messages(asked()), weather_call(), "I should look.");
  Json m = returned();
  m.push_back({{"role", "user"}, {"content", "status: 2 files open"}});
  m = prepare_messages(m);
  memory.restore("me", m);
  EXPECT_EQ(m[2]["reasoning"], "I should look.");
}

TEST(ThoughtMemory, LeavesOtherCallsAndTheClientsOwnThoughtsAlone) {
  ThoughtMemory memory;
  memory.remember("me", prepare_messages(asked()), weather_call(), "I should look.");
  Json other = returned("Rome");
  memory.restore("me", other);
  EXPECT_FALSE(other[2].contains("reasoning"));
  Json own = returned();
  own[2]["reasoning"] = "mine";
  memory.restore("me", own);
  EXPECT_EQ(own[2]["reasoning"], "mine");
}

TEST(ThoughtMemory, IsEachClientsOwn) {
  ThoughtMemory memory;
  memory.remember("me", prepare_messages(asked()), weather_call(), "I should look.");
  Json m = returned();
  memory.restore("you", m);
  EXPECT_FALSE(m[2].contains("reasoning"));
}

TEST(ThoughtMemory, OldOnesGoFirst) {
  ThoughtMemory memory(1000);
  memory.remember("me", prepare_messages(asked()), weather_call(), std::string(200, 'x'));
  for (int i = 0; i < 10; ++i)
    memory.remember("me", prepare_messages(asked()), Json::array({{{"name", "f"}, {"arguments", {{"i", i}}}}}),
                    std::string(200, 'y'));
  Json m = returned();
  memory.restore("me", m);
  EXPECT_FALSE(m[2].contains("reasoning"));
}

}  // namespace
}  // namespace facet::server
