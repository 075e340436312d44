// /page/conversations as the page asks for them.
#include <algorithm>

#include "server/page/test_page.h"

namespace facet::server {
namespace {

using ConversationRoutesTest = PageTest;

TEST_F(ConversationRoutesTest, AConversationIsATreeOfMessages) {
  const std::string id = new_conversation(), path = "/page/conversations/" + id;
  const Json question = say(id, "Which way?");
  EXPECT_TRUE(question["parent"].is_null());
  const Json one = say(id, "Left", question["id"]), other = say(id, "Right", question["id"]);
  Json whole = json("GET", path);
  EXPECT_EQ(whole["title"], "One");
  ASSERT_EQ(whole["messages"].size(), 3u);
  EXPECT_EQ(whole["messages"][1], one);
  EXPECT_EQ(whole["leaf"], other["id"]) << "what was said last is shown";
  const int64_t version = whole["version"];
  EXPECT_GT(json("PATCH", path, {{"leaf", one["id"]}, {"settings", {{"temperature", 0.5}}}})["version"], version);
  whole = json("GET", path);
  EXPECT_EQ(whole["leaf"], one["id"]);
  EXPECT_EQ(whole["settings"]["temperature"], 0.5);
}

TEST_F(ConversationRoutesTest, AnAnswerGrowsInItsPlace) {
  const std::string id = new_conversation();
  const Json question = say(id, "Go on");
  const std::string answer = "/page/conversations/" + id + "/messages/answer-1";
  Json message = {{"role", "assistant"}, {"parent", question["id"]}, {"state", "writing"}, {"content", "A"}};
  const Json first = json("PUT", answer, message);
  EXPECT_EQ(first["content"][0]["text"], "A");
  message["content"] = "A b";
  message["state"] = "done";
  message["created_at"] = first["created_at"];
  const Json last = json("PUT", answer, message);
  const Json whole = json("GET", "/page/conversations/" + id);
  ASSERT_EQ(whole["messages"].size(), 2u);
  EXPECT_EQ(whole["messages"][1], last);
  EXPECT_EQ(whole["leaf"], "answer-1");
  message["parent"] = nullptr;
  EXPECT_EQ(error("PUT", answer, message).substr(0, 3), "409");
}

TEST_F(ConversationRoutesTest, WhatIsWrongIsOneLine) {
  const std::string id = new_conversation(), messages = "/page/conversations/" + id + "/messages";
  EXPECT_EQ(error("GET", "/page/conversations/nothing"), "404 no conversation 'nothing'");
  EXPECT_EQ(error("POST", messages, {{"role", "nobody"}}),
            "400 role: expected one of user, assistant, tool, system, got 'nobody'");
  EXPECT_EQ(error("POST", messages, {{"role", "user"}, {"parent", "x"}}), "400 parent: no message 'x'");
  EXPECT_EQ(error("POST", messages, {{"role", "user"}, {"id", "../x"}}),
            "400 id: expected at most 64 letters, digits, '-' and '_'");
  EXPECT_EQ(error("PATCH", "/page/conversations/" + id, {{"leaf", "x"}}), "400 leaf: no message 'x'");
  EXPECT_EQ(error("GET", "/page/conversations?before=x"), "400 before: expected what `next` of an earlier list was");
  EXPECT_EQ(json("GET", "/page/conversations/" + id)["messages"].size(), 0u) << "nothing of it was kept";
}

TEST_F(ConversationRoutesTest, ListsThePinnedThenTheNewestInPages) {
  const std::string a = new_conversation("A"), b = new_conversation("B"), c = new_conversation("C");
  json("PATCH", "/page/conversations/" + a, {{"pinned", true}});
  std::vector<std::string> seen;
  std::string path = "/page/conversations?limit=1";
  for (Json page = json("GET", path);; page = json("GET", path + "&before=" + page["next"].get<std::string>())) {
    ASSERT_EQ(page["conversations"].size(), 1u);
    seen.push_back(page["conversations"][0]["id"]);
    if (page["next"].is_null()) break;
  }
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0], a);
}

TEST_F(ConversationRoutesTest, FindsWordsInTitlesAndMessages) {
  const std::string a = new_conversation("Über den Wolken"), b = new_conversation("Other");
  say(b, "the Köln cathedral");
  const auto found = [&](const std::string& query) {
    const Json list = json("GET", "/page/conversations?query=" + query)["conversations"];
    return list.size() == 1 ? list[0]["id"].get<std::string>() : std::to_string(list.size());
  };
  EXPECT_EQ(found("über"), a);
  EXPECT_EQ(found("WOLKEN"), a);
  EXPECT_EQ(found("koln"), b);
  EXPECT_EQ(found("nowhere"), "0");
  EXPECT_EQ(found("'%_"), "0");
}

TEST_F(ConversationRoutesTest, FindsAllInPagesHoweverFarApartTheyAre) {
  std::vector<std::string> wanted;
  for (int i = 0; i < 100; ++i) {
    const std::string id = new_conversation("N" + std::to_string(i));
    if (i % 33 == 0) say(id, "needle"), wanted.push_back(id);
  }
  std::vector<std::string> seen;
  const std::string path = "/page/conversations?query=needle&limit=3";
  for (Json page = json("GET", path);; page = json("GET", path + "&before=" + page["next"].get<std::string>())) {
    for (const Json& entry : page["conversations"]) seen.push_back(entry["id"]);
    if (page["next"].is_null()) break;
    EXPECT_EQ(page["conversations"].size(), 3u);
  }
  std::sort(wanted.begin(), wanted.end());
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, wanted);
}

TEST_F(ConversationRoutesTest, NobodySeesWhatAnotherKeySaid) {
  const std::string id = json("POST", "/page/conversations", {{"title", "Ann's"}}, "ann")["id"];
  EXPECT_EQ(json("GET", "/page/conversations", nullptr, "ann")["conversations"].size(), 1u);
  EXPECT_EQ(json("GET", "/page/conversations", nullptr, "bob")["conversations"].size(), 0u);
  const std::string path = "/page/conversations/" + id;
  for (const char* method : {"GET", "DELETE"}) EXPECT_EQ(ask(method, path, nullptr, "bob")->status(), 404) << method;
  EXPECT_EQ(ask("PATCH", path, {{"title", "Bob's"}}, "bob")->status(), 404);
  EXPECT_EQ(ask("POST", path + "/messages", {{"role", "user"}, {"content", "hi"}}, "bob")->status(), 404);
  EXPECT_EQ(ask("PUT", path + "/messages/m", {{"role", "user"}, {"content", "hi"}}, "bob")->status(), 404);
  json("DELETE", "/page/conversations", nullptr, "bob");
  EXPECT_EQ(json("GET", path, nullptr, "ann")["title"], "Ann's");
}

TEST_F(ConversationRoutesTest, DeletingDeletesWhatNobodyElseShows) {
  const std::string shared = upload(picture(10, 10), "s.png")["id"], own = upload(picture(20, 10), "o.png")["id"];
  const std::string a = new_conversation("A"), b = new_conversation("B");
  const auto show = [&](const std::string& conversation, const std::string& medium) {
    json("POST", "/page/conversations/" + conversation + "/messages",
         {{"role", "user"}, {"content", {{{"type", "media"}, {"media", medium}, {"kind", "image"}, {"name", "x"}}}}});
  };
  show(a, shared);
  show(a, own);
  show(b, shared);
  json("DELETE", "/page/conversations/" + a);
  EXPECT_EQ(ask("GET", "/page/media/" + shared)->status(), 200);
  EXPECT_EQ(ask("GET", "/page/media/" + own)->status(), 404);
  EXPECT_EQ(error("POST", "/page/conversations/" + b + "/messages",
                  {{"role", "user"}, {"content", {{{"type", "media"}, {"media", own}, {"kind", "image"}}}}}),
            "400 content: no medium '" + own + "': upload it first");
}

}  // namespace
}  // namespace facet::server
