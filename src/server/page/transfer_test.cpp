// Conversations as files: what leaves, and what comes in.
#include "server/page/test_page.h"

namespace facet::server {
namespace {

using TransferTest = PageTest;

TEST_F(TransferTest, AnExportIsTheSameConversationElsewhere) {
  const std::string medium = upload(picture(12, 12), "a.png")["id"], id = new_conversation("Ways");
  const Json shown =
      json("POST", "/page/conversations/" + id + "/messages",
           {{"role", "user"},
            {"content", {{{"type", "media"}, {"media", medium}, {"kind", "image"}, {"budget", "280"}, {"pages", 2}}}}});
  EXPECT_EQ(shown["content"][0]["budget"], "280");
  EXPECT_EQ(shown["content"][0]["pages"], 2);
  const Json left = say(id, "Left", shown["id"]), right = say(id, "Right", shown["id"]);
  const std::string file = ask("GET", "/page/conversations/" + id + "/export")->body();
  const Json whole = json("GET", "/page/conversations/" + id);
  json("DELETE", "/page/conversations/" + id);
  EXPECT_EQ(ask("GET", "/page/media/" + medium)->status(), 404);
  const Json imported = json("POST", "/page/conversations/import", Json::parse(file), "bob");
  EXPECT_NE(imported["id"], id);
  EXPECT_EQ(imported["title"], "Ways");
  EXPECT_EQ(imported["messages"], whole["messages"]);
  EXPECT_EQ(imported["leaf"], right["id"]);
  EXPECT_EQ(ask("GET", "/page/media/" + medium, nullptr, "bob")->body(), picture(12, 12));
  EXPECT_EQ(ask("GET", "/page/media/" + medium)->status(), 404) << "bob's alone";
}

TEST_F(TransferTest, MarkdownIsTheBranchThatIsShown) {
  const std::string id = new_conversation("Ways");
  const Json question = say(id, "Which way?");
  say(id, "Left", question["id"]);
  json("POST", "/page/conversations/" + id + "/messages",
       {{"role", "assistant"},
        {"parent", question["id"]},
        {"thought", "hm\nright"},
        {"content", "Right"},
        {"calls", {{{"name", "look"}, {"arguments", "{}"}, {"result", "```"}}}}});
  EXPECT_EQ(
      ask("GET", "/page/conversations/" + id + "/export?format=markdown")->body(),
      "# Ways\n\n## User\n\nWhich way?\n\n## Assistant\n\n> hm\n> right\n\nRight\n\nCall of `look`:\n\n```\n{}\n```\n\n"
      "Result:\n\n````\n```\n````\n\n");
}

TEST_F(TransferTest, ImportsAreCheckedWhole) {
  const auto refused = [&](const Json& changes) {
    Json file = {{"format", "facet.conversation"}, {"messages", {{{"id", "a"}, {"role", "user"}, {"content", "x"}}}}};
    file.update(changes);
    return error("POST", "/page/conversations/import", file);
  };
  EXPECT_EQ(refused({{"format", "other"}}),
            "400 format: expected \"facet.conversation\": a conversation that the page exported as JSON");
  EXPECT_TRUE(refused({{"version", 2}}).starts_with("400 version: written by a newer version"));
  EXPECT_EQ(refused({{"leaf", "b"}}), "400 leaf: no such message");
  EXPECT_EQ(refused({{"messages", {{{"id", "a"}, {"role", "user"}}, {{"id", "a"}, {"role", "user"}}}}}),
            "400 messages[1].id: 'a' comes twice");
  EXPECT_EQ(refused({{"messages", {{{"id", "a"}, {"parent", "a"}, {"role", "user"}}}}}),
            "400 messages[0].parent: no message 'a' before it");
  EXPECT_EQ(refused({{"media", {{{"id", "a"}, {"data", "eHg="}}}}}), "400 media[0].data: is not what its id says");
  EXPECT_EQ(json("GET", "/page/conversations")["conversations"].size(), 0u);
}

TEST_F(TransferTest, AnImportChangesNothingThatIsThere) {
  const std::string medium = upload(picture(12, 12), "mine.png")["id"], id = new_conversation();
  json("POST", "/page/conversations/" + id + "/messages",
       {{"role", "user"}, {"content", {{{"type", "media"}, {"media", medium}, {"kind", "image"}}}}});
  Json file = Json::parse(ask("GET", "/page/conversations/" + id + "/export")->body());
  file["media"][0]["name"] = "theirs.png";
  json("POST", "/page/conversations/import", file);
  EXPECT_EQ(header(*ask("GET", "/page/media/" + medium), "Content-Disposition"), "inline; filename=\"mine.png\"");

  file["messages"][0]["content"][0]["media"] = "nothing";
  const auto refused = ask("POST", "/page/conversations/import", file, "bob");
  EXPECT_EQ(refused->status(), 400);
  EXPECT_EQ(ask("GET", "/page/media/" + medium, nullptr, "bob")->status(), 404) << "kept of what was refused";
}

}  // namespace
}  // namespace facet::server
