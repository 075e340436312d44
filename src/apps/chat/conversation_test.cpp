#include "apps/chat/conversation.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace facet::apps::chat {
namespace {

Conversation two_turns() {
  Conversation c;
  c.system = "Be brief.";
  c.add_user("Hi \"you\"\n\xc3\xa4");
  c.add_answer("Hello.", "They greet.");
  c.add_user("Bye");
  c.add_answer("So long.", "");
  return c;
}

TEST(Conversation, SavesAndLoadsTheSame) {
  Conversation c = two_turns();
  c.think = true;
  const Conversation loaded = Conversation::from_text(c.to_text(), "test");
  EXPECT_EQ(loaded.messages(), c.messages());
  EXPECT_EQ(loaded.system, "Be brief.");
  EXPECT_TRUE(loaded.think);
  EXPECT_EQ(loaded.to_text(), c.to_text());
  EXPECT_EQ(c.messages()[2]["reasoning"], "They greet.");
  EXPECT_FALSE(c.messages()[4].contains("reasoning"));
}

TEST(Conversation, KeepsTheFilesThatWereShown) {
  Conversation c;
  c.add_user("What is this?",
             Conversation::Json::array({{{"type", "image"}, {"path", "a \"b\".png"}, {"budget", "high"}}}));
  c.add_answer("A picture.", "");
  const auto content = c.messages()[0]["content"];
  ASSERT_EQ(content.size(), 2u);
  EXPECT_EQ(content[0]["path"], "a \"b\".png");
  EXPECT_EQ(content[1]["text"], "What is this?");
  EXPECT_EQ(Conversation::from_text(c.to_text(), "test").messages(), c.messages());
  for (const char* bad : {R"([{"role":"user","content":[{"type":"image"}]}])",
                          R"([{"role":"user","content":[{"type":"film","path":"x"}]}])",
                          R"([{"role":"user","content":[{"type":"image","path":"x","budget":3}]}])",
                          R"([{"role":"assistant","content":[{"type":"image","path":"x"}]}])"})
    EXPECT_THROW(Conversation::from_text(bad, "test"), FormatError) << bad;
}

TEST(Conversation, CallsAreFollowedByTheirResults) {
  Conversation c;
  c.add_user("Where?", Conversation::Json::array());
  const Conversation::Json call{{"name", "look"}, {"arguments", {{"at", "sky"}}}};
  c.add_answer("", "Hm.", Conversation::Json::array({call, call}));
  c.add_result("blue");
  c.add_result("grey");
  c.add_answer("It is blue.", "");
  const auto messages = c.messages();
  ASSERT_EQ(messages.size(), 5u);
  EXPECT_EQ(messages[1]["tool_calls"][0]["function"], call);
  for (size_t i : {0, 1}) EXPECT_EQ(messages[2 + i]["tool_call_id"], messages[1]["tool_calls"][i]["id"]);
  EXPECT_NE(messages[2]["tool_call_id"], messages[3]["tool_call_id"]);
  EXPECT_EQ(messages[3]["content"], "grey");
  Conversation loaded = Conversation::from_text(c.to_text(), "test");
  EXPECT_EQ(loaded.messages(), messages);
  EXPECT_TRUE(loaded.undo_answer());
  EXPECT_EQ(loaded.n_messages(), 1);
}

TEST(Conversation, LoadsABareList) {
  const auto c = Conversation::from_text(R"([{"role":"user","content":"x"}])", "test");
  EXPECT_EQ(c.n_messages(), 1);
  EXPECT_TRUE(c.system.empty());
}

TEST(Conversation, KeepsOfAFileWhatItKnows) {
  const auto c = Conversation::from_text(
      R"([{"role":"user","content":"x","tool_calls":1},{"role":"assistant","content":"y","reasoning":"z","n":[]}])",
      "test");
  EXPECT_EQ(c.messages().dump(),
            R"([{"role":"user","content":"x"},{"role":"assistant","content":"y","reasoning":"z"}])");
}

TEST(Conversation, TakesBack) {
  Conversation c = two_turns();
  EXPECT_TRUE(c.undo_answer());
  EXPECT_EQ(c.n_messages(), 3);
  EXPECT_TRUE(c.undo_answer());  // an answer that never came
  EXPECT_EQ(c.n_messages(), 3);
  EXPECT_TRUE(c.undo());
  EXPECT_EQ(c.n_messages(), 2);
  EXPECT_TRUE(c.undo());
  EXPECT_TRUE(c.empty());
  EXPECT_FALSE(c.undo());
  EXPECT_FALSE(c.undo_answer());
  EXPECT_EQ(c.messages().size(), 1u);  // the instructions stay
}

TEST(Conversation, BadFilesAreExplained) {
  const auto error = [](const std::string& text) -> std::string {
    try {
      Conversation::from_text(text, "talk.json");
    } catch (const FormatError& e) {
      return e.what();
    }
    return "loaded";
  };
  EXPECT_EQ(error("{").find("talk.json: not valid JSON: "), 0u);
  EXPECT_EQ(error(std::string(1000000, '[')), "talk.json: JSON nested more than 64 levels deep");
  EXPECT_EQ(error(R"({"facet_chat":99999999999999999999,"messages":[]})"),
            "talk.json: \"facet_chat\" is 99999999999999999999; expected 1");
  EXPECT_EQ(error(R"([{"role":"assistant","content":"x","reasoning":5}])"),
            "talk.json: message 0 has a \"reasoning\" that is not text");
  EXPECT_EQ(error("{}"), "talk.json: expected \"messages\", a list");
  EXPECT_EQ(error("3"), "talk.json: expected \"messages\", a list");
  EXPECT_EQ(error(R"({"facet_chat":2,"messages":[]})"), "talk.json: \"facet_chat\" is 2; expected 1");
  EXPECT_EQ(error(R"([1])"), "talk.json: message 0 must be an object with a \"role\"");
  EXPECT_EQ(error(R"([{"role":"user"}])"),
            R"(talk.json: message 0 must have a "content": text, or parts with a "type" and a "text" or a "path")");
  EXPECT_EQ(error(R"([{"role":"user","content":"x"},{"role":"system","content":"y"}])"),
            "talk.json: message 1 has the role \"system\"; expected user or assistant, or system first");
}

}  // namespace
}  // namespace facet::apps::chat
