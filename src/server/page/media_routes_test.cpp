// /page/media as the page asks for it.
#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "server/database.h"
#include "server/page/clock.h"
#include "server/page/media_store.h"
#include "server/page/test_page.h"

namespace facet::server {
namespace {

using MediaRoutesTest = PageTest;

TEST_F(MediaRoutesTest, TheSameMediumIsKeptOnce) {
  const Json one = upload(picture(100, 50), "a.png"), two = upload(picture(100, 50), "b.png");
  EXPECT_EQ(one["id"], two["id"]);
  EXPECT_EQ(one["kind"], "image");
  const auto sent = ask("GET", "/page/media/" + one["id"].get<std::string>());
  EXPECT_EQ(sent->content_type(), "image/png");
  EXPECT_EQ(sent->body(), picture(100, 50));
  EXPECT_EQ(header(*sent, "Content-Disposition"), "inline; filename=\"a.png\"") << "as the first called it";
  EXPECT_EQ(header(*sent, "Content-Security-Policy"), "sandbox; default-src 'none'");
}

TEST_F(MediaRoutesTest, WhatMightRunIsAFileToKeep) {
  const Json html = upload("<script>alert(1)</script>", "x\"\r\nSet-Cookie: a.html", "text/html");
  EXPECT_EQ(html["kind"], "document");
  const auto sent = ask("GET", "/page/media/" + html["id"].get<std::string>());
  EXPECT_EQ(sent->content_type(), "text/plain; charset=utf-8");
  EXPECT_EQ(header(*sent, "Content-Disposition"), "attachment; filename=\"x_  Set-Cookie: a.html\"");
}

TEST_F(MediaRoutesTest, ShowsWhatTheModelWillSee) {
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

TEST_F(MediaRoutesTest, PagesOfDocumentsArePicturesWhereTheyCanBeDrawn) {
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

TEST_F(MediaRoutesTest, WhatIsNoMediumIsRefused) {
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

constexpr int64_t kHour = 3'600'000, kDay = 24 * kHour;

TEST_F(MediaRoutesTest, WhatWasNeverSentGoesAfterADay) {
  PageMediaStore media(store_.database());
  const std::string unsent = upload(picture(10, 10), "u.png")["id"], sent = upload(picture(20, 10), "s.png")["id"];
  json("POST", "/page/conversations/" + new_conversation() + "/messages",
       {{"role", "user"}, {"content", {{{"type", "media"}, {"media", sent}, {"kind", "image"}, {"name", "x"}}}}});
  const int64_t now = now_milliseconds();
  const auto status = [&] { return ask("GET", "/page/media/" + unsent)->status(); };
  media.forget_unused(now + kDay - kHour / 2);
  EXPECT_EQ(status(), 200);
  media.forget_unused_now_and_then(now + kDay + kHour / 4);
  EXPECT_EQ(status(), 200) << "less than an hour ago was the last look";
  media.forget_unused_now_and_then(now + kDay + kHour);
  EXPECT_EQ(status(), 404);
  EXPECT_EQ(ask("GET", "/page/media/" + sent)->status(), 200);
}

TEST_F(MediaRoutesTest, WhatWasNeverSentLeavesTheDiskWhenConversationsAreDeleted) {
  const auto folder = std::filesystem::temp_directory_path() / ("facet_media_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string path = folder / "state.db", secret = "xylophonequartz";
  const auto is_on_disk = [&] {
    for (const auto& file : std::filesystem::directory_iterator(folder))
      if (read_file(file.path()).find(secret) != std::string::npos) return true;
    return false;
  };
  {
    Store store(path);
    page_ = page_routes(service_, store);
    upload(secret, "a.txt");
    const std::string id = new_conversation();
    json("GET", "/page/conversations");
    Query(store.database(), "UPDATE media SET created = created - ?").number(kDay + kHour).step();
    EXPECT_TRUE(is_on_disk());
    json("DELETE", "/page/conversations/" + id);
    EXPECT_FALSE(is_on_disk());
    page_ = {};
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace facet::server
