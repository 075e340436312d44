// The page's routes as its script asks them.
#include "server/page/page.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "http/keys.h"
#include "media/drawn_pictures.h"
#include "media/png_writer.h"
#include "server/dialects/test_routes.h"
#include "server/store.h"

namespace facet::server {
namespace {

class PageTest : public testing::Test {
 protected:
  std::shared_ptr<TestExchange> ask(const std::string& method, const std::string& path, const Json& body = nullptr,
                                    const std::string& key_name = {}) {
    http::Request request;
    request.method = method;
    const size_t query = path.find('?');
    request.path = path.substr(0, query);
    for (size_t at = query; at != std::string::npos; at = path.find('&', at + 1)) {
      const std::string pair = path.substr(at + 1, path.find('&', at + 1) - at - 1);
      request.query.emplace(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
    }
    if (!body.is_null()) request.body = body.dump();
    if (!key_name.empty()) {
      http::Key key;
      key.name = key_name;
      request.key = std::make_shared<const http::Key>(key);
    }
    return ask_routes(page_.routes, std::move(request));
  }
  Json json(const std::string& method, const std::string& path, const Json& body = nullptr,
            const std::string& key_name = {}) {
    const auto exchange = ask(method, path, body, key_name);
    EXPECT_EQ(exchange->status(), 200) << method << " " << path << ": " << exchange->body();
    return Json::parse(exchange->body());
  }
  std::string error(const std::string& method, const std::string& path, const Json& body = nullptr) {
    const auto exchange = ask(method, path, body);
    return std::to_string(exchange->status()) + " " +
           Json::parse(exchange->body())["error"]["message"].get<std::string>();
  }
  static std::string header(const TestExchange& exchange, const std::string& name) {
    for (const auto& [key, value] : exchange.headers())
      if (key == name) return value;
    return {};
  }
  Json upload(const std::string& bytes, const std::string& name, const std::string& type = {});
  std::string new_conversation(const std::string& title = "One") {
    return json("POST", "/page/conversations", {{"title", title}})["id"];
  }
  Json say(const std::string& conversation, const std::string& text, const Json& parent = nullptr) {
    return json("POST", "/page/conversations/" + conversation + "/messages",
                {{"role", "user"}, {"parent", parent}, {"content", {{{"type", "text"}, {"text", text}}}}});
  }

  TestService service_;
  Store store_{":memory:"};
  PageRoutes page_ = page_routes(service_, store_);
};

TEST_F(PageTest, AConversationIsATreeOfMessages) {
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

TEST_F(PageTest, AnAnswerGrowsInItsPlace) {
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

TEST_F(PageTest, WhatIsWrongIsOneLine) {
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

TEST_F(PageTest, ListsThePinnedThenTheNewestInPages) {
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

TEST_F(PageTest, FindsWordsInTitlesAndMessages) {
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

TEST_F(PageTest, NobodySeesWhatAnotherKeySaid) {
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

TEST_F(PageTest, OnlyItsFilesAreForThoseWithoutAKey) {
  for (const http::Route& route : page_.routes) {
    const bool is_file = route.path == "/" || route.path == "/page/assets/*", loads = route.path == "/page/models/*";
    EXPECT_EQ(route.scope, is_file ? http::Scope::Public : loads ? http::Scope::Admin : http::Scope::Use) << route.path;
  }
}

TEST_F(PageTest, AKeyForOtherModelsSeesNoneOfThese) {
  http::Key key;
  key.name = "ann";
  key.models = {"large"};
  http::Request request;
  request.method = "GET";
  request.path = "/page/models";
  request.key = std::make_shared<const http::Key>(key);
  EXPECT_EQ(Json::parse(ask_routes(page_.routes, request)->body())["models"].size(), 0u);
  request.method = "POST";
  request.path = "/page/models/nano/load";
  EXPECT_EQ(ask_routes(page_.routes, request)->status(), 403);
  EXPECT_FALSE(service_.info.is_loaded);
}

TEST_F(PageTest, TabsHearOfWhatTheirOwnerDoes) {
  const auto ann = ask("GET", "/page/events", nullptr, "ann"), bob = ask("GET", "/page/events", nullptr, "bob");
  const std::string id = json("POST", "/page/conversations", Json::object(), "ann")["id"];
  json("DELETE", "/page/conversations/" + id, nullptr, "ann");
  const auto events = json_lines(ann->body());
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0], Json({{"type", "conversation"}, {"id", id}, {"version", 1}}));
  EXPECT_EQ(events[1], Json({{"type", "deleted"}, {"id", id}}));
  EXPECT_TRUE(json_lines(bob->body()).empty());
  EXPECT_FALSE(ann->has_ended());
  page_.end();
  EXPECT_TRUE(ann->has_ended() && bob->has_ended());
  EXPECT_TRUE(ask("GET", "/page/events")->has_ended()) << "the server stops";
}

TEST_F(PageTest, FilesComeWithARuleAgainstStrangersScripts) {
  const auto page = ask("GET", "/");
  EXPECT_EQ(page->status(), 200);
  EXPECT_EQ(page->content_type(), "text/html; charset=utf-8");
  EXPECT_TRUE(header(*page, "Content-Security-Policy").starts_with("default-src 'none'; script-src 'self';"));
  EXPECT_EQ(ask("GET", "/page/assets/index.html")->body(), page->body());
  for (const char* path : {"/page/assets/", "/page/assets/nothing.js", "/page/assets/../CMakeLists.txt",
                           "/page/assets/.git", "/page/assets//etc/passwd", "/page/assets/x/../../README.md"})
    EXPECT_EQ(ask("GET", path)->status(), 404) << path;
}

// A medium of these bytes, uploaded.
Json PageTest::upload(const std::string& bytes, const std::string& name, const std::string& type) {
  http::Request request;
  request.method = "POST";
  request.path = "/page/media";
  request.query.emplace("name", name);
  request.headers["content-type"] = type;
  request.body = bytes;
  const auto exchange = ask_routes(page_.routes, std::move(request));
  EXPECT_EQ(exchange->status(), 200) << exchange->body();
  return Json::parse(exchange->body());
}

std::string picture(int width, int height, uint8_t shade = 200) {
  return media::encode_png(media::flat(width, height, shade));
}

TEST_F(PageTest, TheSameMediumIsKeptOnce) {
  const Json one = upload(picture(100, 50), "a.png"), two = upload(picture(100, 50), "b.png");
  EXPECT_EQ(one["id"], two["id"]);
  EXPECT_EQ(one["kind"], "image");
  const auto sent = ask("GET", "/page/media/" + one["id"].get<std::string>());
  EXPECT_EQ(sent->content_type(), "image/png");
  EXPECT_EQ(sent->body(), picture(100, 50));
  EXPECT_EQ(header(*sent, "Content-Disposition"), "inline; filename=\"b.png\"");
  EXPECT_EQ(header(*sent, "Content-Security-Policy"), "sandbox; default-src 'none'");
}

TEST_F(PageTest, WhatMightRunIsAFileToKeep) {
  const Json html = upload("<script>alert(1)</script>", "x\"\r\nSet-Cookie: a.html", "text/html");
  EXPECT_EQ(html["kind"], "document");
  const auto sent = ask("GET", "/page/media/" + html["id"].get<std::string>());
  EXPECT_EQ(sent->content_type(), "text/plain; charset=utf-8");
  EXPECT_EQ(header(*sent, "Content-Disposition"), "attachment; filename=\"x_  Set-Cookie: a.html\"");
}

TEST_F(PageTest, ShowsWhatTheModelWillSee) {
  const std::string path = "/page/media/" + upload(picture(960, 480), "a.png")["id"].get<std::string>();
  const Json preview = json("POST", path + "/preview?budget=70&model=nano");
  EXPECT_EQ(preview["width"], 960);
  const int width = preview["resized_width"], height = preview["resized_height"], tokens = preview["soft_tokens"];
  EXPECT_EQ(width * height, tokens * 48 * 48);
  EXPECT_LE(tokens, 70);
  EXPECT_EQ(preview["patches"], tokens * 9);
  const auto seen = ask("GET", path + "/seen?budget=70");
  EXPECT_EQ(seen->content_type(), "image/png");
  EXPECT_EQ(media::decode_image(std::as_bytes(std::span(seen->body())), "seen").width, width);
  EXPECT_TRUE(error("POST", path + "/preview?budget=71").starts_with("400 a picture budget of \"71\""));
}

TEST_F(PageTest, PagesOfDocumentsArePicturesWhereTheyCanBeDrawn) {
  const std::string pdf =
      "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 "
      ">>\n"
      "endobj\n3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] >>\nendobj\ntrailer\n<< /Size 4 /Root 1 0 "
      "R >>\n%%EOF\n";
  const std::string path = "/page/media/" + upload(pdf, "a.pdf", "application/pdf")["id"].get<std::string>();
  const auto pages = ask("POST", path + "/preview");
  if (pages->status() == 501) GTEST_SKIP() << "neither pdftoppm nor mutool is installed";
  EXPECT_EQ(pages->body(), R"({"pages":1})");
  const auto drawn = ask("GET", path + "/pages/1?width=300");
  EXPECT_EQ(media::decode_image(std::as_bytes(std::span(drawn->body())), "page").width, 300);
  EXPECT_EQ(error("GET", path + "/pages/2"), "400 page: the document has 1");
  EXPECT_EQ(error("GET", path + "/pages/x"), "400 page: expected a whole number from 1 to 1000000");
  const std::string broken = upload("%PDF-1.4 broken", "b.pdf")["id"];
  const std::string line = error("POST", "/page/media/" + broken + "/preview");
  EXPECT_TRUE(line.starts_with("400 b.pdf: ")) << line;
  EXPECT_EQ(line.find("facet-page-"), std::string::npos) << line;
}

TEST_F(PageTest, WhatIsNoMediumIsRefused) {
  const auto refused = [&](const std::string& bytes) {
    http::Request request;
    request.method = "POST";
    request.path = "/page/media";
    request.query.emplace("name", "x");
    request.body = bytes;
    return ask_routes(page_.routes, std::move(request))->status();
  };
  EXPECT_EQ(refused(""), 400);
  EXPECT_EQ(refused("fLaC"), 400);
  EXPECT_EQ(refused(std::string("\0\1\2\xff", 4)), 400);
  EXPECT_EQ(refused("<svg onload='alert(1)'/>"), 400);
}

TEST_F(PageTest, DeletingDeletesWhatNobodyElseShows) {
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

TEST_F(PageTest, SettingsAreNotOverwrittenByAnotherTab) {
  EXPECT_EQ(ask("GET", "/page/settings")->body(), "{}");
  const auto first = ask("PUT", "/page/settings", {{"language", "de"}});
  http::Request late;
  late.method = "PUT";
  late.path = "/page/settings";
  late.headers["if-match"] = "\"0\"";
  late.body = R"({"language":"fr"})";
  EXPECT_EQ(ask_routes(page_.routes, late)->status(), 412);
  late.headers["if-match"] = header(*first, "ETag");
  EXPECT_EQ(ask_routes(page_.routes, late)->status(), 200);
  EXPECT_EQ(json("GET", "/page/settings")["language"], "fr");
  EXPECT_EQ(ask("GET", "/page/settings", nullptr, "ann")->body(), "{}");
}

TEST_F(PageTest, ModelsComeWithWhatTheyTakeOfTheMemory) {
  const auto events = ask("GET", "/page/events");
  service_.info.memory = {5000, 100, 200, 2, 30, 4, 7};
  const Json list = json("GET", "/page/models");
  const Json& model = list["models"][0];
  EXPECT_EQ(model["name"], "nano");
  EXPECT_EQ(model["path_name"], "nano.gguf");
  EXPECT_EQ(model["plan"]["total"], 5241);
  EXPECT_EQ(model["loaded"], false);
  EXPECT_EQ(list["memory"]["free"], int64_t{7} << 30);
  EXPECT_EQ(list["machine"]["isa"], "avx2");
  EXPECT_EQ(json("POST", "/page/models/nano/load")["loaded"], true);
  EXPECT_EQ(json("POST", "/page/models/nano/unload")["loaded"], false);
  EXPECT_EQ(ask("POST", "/page/models/nano/burn")->status(), 404);
  service_.changed();
  EXPECT_EQ(json_lines(events->body()).back()["type"], "models");
}

TEST_F(PageTest, AnExportIsTheSameConversationElsewhere) {
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

TEST_F(PageTest, MarkdownIsTheBranchThatIsShown) {
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

TEST_F(PageTest, ImportsAreCheckedWhole) {
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

TEST_F(PageTest, AFullDatabaseIsOneLineAndKeepsWhatItHas) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("facet_page_" + std::to_string(::getpid()) + ".db");
  {
    Store store(path, 300 * 4096);
    page_ = page_routes(service_, store);
    const std::string id = new_conversation("Small"), messages = "/page/conversations/" + id + "/messages";
    say(id, "kept");
    const std::string line = error("POST", messages, {{"role", "user"}, {"content", std::string(2 << 20, 'x')}});
    EXPECT_TRUE(line.starts_with("503 " + path + ": no room left")) << line;
    EXPECT_EQ(error("POST", messages, {{"role", "user"}, {"content", std::string(5 << 20, 'x')}}).substr(0, 3), "413");
    EXPECT_EQ(json("GET", "/page/conversations/" + id)["messages"].size(), 1u);
    json("DELETE", "/page/conversations/" + id);
    page_ = {};
  }
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
}

}  // namespace
}  // namespace facet::server
