// /page/documents as the page asks for it.
#include "server/page/test_page.h"

namespace facet::server {
namespace {

class DocumentRoutesTest : public PageTest {
 protected:
  std::shared_ptr<TestExchange> segments(const std::string& name, const std::string& bytes) {
    http::Request request;
    request.method = "POST";
    request.path = "/page/documents";
    request.query.emplace("name", name);
    request.body = bytes;
    return ask_routes(page_.routes, std::move(request));
  }
  std::shared_ptr<TestExchange> translated(const std::string& name, const std::string& bytes, const std::string& json) {
    const auto part = [](const std::string& head, const std::string& content) {
      return "--limit\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" + content + "\r\n";
    };
    http::Request request;
    request.method = "POST";
    request.path = "/page/documents/translated";
    request.headers["content-type"] = "multipart/form-data; boundary=limit";
    request.body =
        part("name=\"document\"; filename=\"" + name + "\"", bytes) + part("name=\"segments\"", json) + "--limit--\r\n";
    return ask_routes(page_.routes, std::move(request));
  }
  static std::string error_of(const TestExchange& exchange) {
    return std::to_string(exchange.status()) + " " +
           Json::parse(exchange.body())["error"]["message"].get<std::string>();
  }
};

const std::string kPage = "<h1>Good</h1>\n<p class='x'>the <b>red</b> house</p> <!-- kept -->";

TEST_F(DocumentRoutesTest, MarkUpIsTagsAndStaysInItsPlace) {
  const Json seen = Json::parse(segments("a.HTML", kPage)->body());
  EXPECT_EQ(seen["format"], "HTML");
  EXPECT_EQ(seen["segments"], Json({"Good", "the <1>red</1> house"}));
  EXPECT_EQ(seen["text"], "Good\n\nthe red house");
  const auto written = translated("a.HTML", kPage, R"(["Gut","das <1>rote</1> Haus"])");
  EXPECT_EQ(written->body(), "<h1>Gut</h1>\n<p class='x'>das <b>rote</b> Haus</p> <!-- kept -->");
  EXPECT_EQ(written->content_type(), "text/plain; charset=utf-8") << "nothing that a browser would run";
}

TEST_F(DocumentRoutesTest, WhatLostItsTagsIsNamed) {
  EXPECT_EQ(translated("a.html", kPage, R"(["Gut","das rote Haus"])")->body(), R"({"lost":[1]})");
  EXPECT_EQ(translated("a.html", kPage, R"(["<1>Gut</1>","</1>das<1> Haus"])")->body(), R"({"lost":[0,1]})");
  EXPECT_EQ(translated("a.html", kPage, "[null,null]")->body(), kPage);
}

TEST_F(DocumentRoutesTest, WordsThatLookLikeTagsComeInPieces) {
  const std::string html = "<p>write &lt;2&gt; <b>here</b></p>";
  EXPECT_EQ(Json::parse(segments("a.html", html)->body())["segments"], Json::parse(R"([["write <2> ","here"]])"));
  EXPECT_EQ(translated("a.html", html, R"([["hier ","<2>"]])")->body(), "<p>hier <b>&lt;2&gt;</b></p>");
  EXPECT_EQ(translated("a.html", html, R"([["hier"]])")->body(), R"({"lost":[0]})");
}

TEST_F(DocumentRoutesTest, WhatIsNoDocumentIsSaid) {
  EXPECT_TRUE(error_of(*segments("a.exe", "x")).starts_with("400 \"a.exe\" is no text document: expected a file .txt"));
  EXPECT_TRUE(error_of(*segments("a.txt", "\xff")).starts_with("400 a.txt: not UTF-8"));
  EXPECT_EQ(error_of(*translated("a.html", kPage, "[]")), "400 segments: expected a list of 2, as the document has");
  EXPECT_EQ(error_of(*translated("a.html", kPage, "[1,2]")), "400 segments[0]: expected a string, got a number");
  EXPECT_TRUE(error_of(*translated("a.html", kPage, "[")).starts_with("400 segments: no JSON: "));
  EXPECT_EQ(error_of(*segments("a.txt", std::string((16 << 20) + 1, 'a'))),
            "400 a.txt: 16777217 bytes: documents of up to 16777216 are read");
}

#ifdef FACET_DOCUMENTS
TEST_F(DocumentRoutesTest, WhatIsNoArchiveIsNoDocx) {
  EXPECT_TRUE(error_of(*segments("a.docx", "PK")).starts_with("400 a.docx: "));
}
#endif

}  // namespace
}  // namespace facet::server
