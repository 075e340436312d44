#include "server/call_loops.h"

#include <gtest/gtest.h>

namespace facet::server {
namespace {

Json conversation(std::initializer_list<const char*> cities) {
  Json m = Json::array({{{"role", "user"}, {"content", "x"}}});
  int i = 0;
  for (const char* city : cities) {
    const std::string id = "c" + std::to_string(i++);
    m.push_back({{"role", "assistant"},
                 {"tool_calls", {{{"id", id}, {"function", {{"name", "w"}, {"arguments", {{"city", city}}}}}}}}});
    m.push_back({{"role", "tool"}, {"tool_call_id", id}, {"content", "?"}});
  }
  return m;
}

TEST(CallLoops, TheSameCallSeveralTimesInARow) {
  EXPECT_FALSE(is_call_loop(conversation({"a", "a"}), 3, 0));
  EXPECT_TRUE(is_call_loop(conversation({"a", "a", "a"}), 3, 0));
  EXPECT_FALSE(is_call_loop(conversation({"a", "b", "a"}), 3, 0));
  EXPECT_FALSE(is_call_loop(conversation({"a", "a", "a"}), 0, 0));
}

TEST(CallLoops, RoundsWithoutText) {
  EXPECT_TRUE(is_call_loop(conversation({"a", "b", "c"}), 0, 3));
  Json m = conversation({"a", "b", "c"});
  m[3]["content"] = "I found b.";
  EXPECT_FALSE(is_call_loop(m, 0, 3));
  m.push_back({{"role", "assistant"}, {"content", "done"}});
  m.push_back({{"role", "user"}, {"content", "again"}});
  EXPECT_FALSE(is_call_loop(m, 0, 1));  // a new round
}

}  // namespace
}  // namespace facet::server
