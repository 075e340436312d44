// What holds for all of the page's routes.
#include <unistd.h>

#include <filesystem>

#include "server/page/test_page.h"

namespace facet::server {
namespace {

TEST_F(PageTest, OnlyItsFilesAreForThoseWithoutAKey) {
  for (const http::Route& route : page_.routes) {
    const bool is_file = route.path == "/" || route.path == "/page/assets/*", loads = route.path == "/page/models/*";
    EXPECT_EQ(route.scope, is_file ? http::Scope::Public : loads ? http::Scope::Admin : http::Scope::Use) << route.path;
  }
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
