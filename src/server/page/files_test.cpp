// The page's files as they are sent.
#include "server/page/files.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "server/dialects/test_routes.h"
#include "server/page/handlers.h"

namespace facet::server {
namespace {

class PageFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_ / "web/lib");
    write("web/index.html", "<title>here</title>");
    write("web/lib/app.js", std::string(5000, 'a'));
    write("outside.txt", "not for browsers");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  std::string web() const { return folder_ / "web"; }

  std::shared_ptr<TestExchange> get(const std::string& path, const std::string& encoding = {},
                                    const std::string& known = {}) {
    return get_from(file_routes_of_page(web()), path, encoding, known);
  }
  static std::shared_ptr<TestExchange> get_from(const http::Routes& routes, const std::string& path,
                                                const std::string& encoding, const std::string& known = {}) {
    http::Request request;
    request.method = "GET";
    request.path = path;
    request.headers["accept-encoding"] = encoding;
    request.headers["if-none-match"] = known;
    return ask_routes(routes, std::move(request));
  }

 private:
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("facet_page_files_" + std::to_string(::getpid()));
};

std::string header_of(const TestExchange& exchange, std::string_view name) {
  for (const auto& [key, value] : exchange.headers())
    if (key == name) return value;
  return {};
}

std::string unzipped(const std::string& packed) {
  std::string bytes(100'000, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  bytes.resize(stream.total_out);
  inflateEnd(&stream);
  return bytes;
}

TEST_F(PageFilesTest, AreCompressedForThoseWhoTakeIt) {
  const std::string path = "/page/assets/app.js";
  const http::Routes routes = file_routes_of_page({});  // those that were built in
  auto packed = get_from(routes, path, "br, gzip;q=0.8");
  for (int i = 0; i < 3000 && header_of(*packed, "Content-Encoding").empty(); ++i) {  // until the copies are made
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    packed = get_from(routes, path, "br, gzip;q=0.8");
  }
  EXPECT_EQ(header_of(*packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(get_from(routes, path, "gzip", header_of(*packed, "ETag"))->status(), 304);
  for (const char* encoding : {"", "br", "gzip;q=0", "x-gzipped"}) {
    const auto plain = get_from(routes, path, encoding);
    EXPECT_EQ(header_of(*plain, "Content-Encoding"), "") << encoding;
    EXPECT_EQ(plain->body(), unzipped(packed->body()));
    EXPECT_LT(packed->body().size(), plain->body().size());
    EXPECT_NE(header_of(*plain, "ETag"), header_of(*packed, "ETag"));
  }
}

TEST_F(PageFilesTest, ThoseOfAFolderAreSentAsTheyAre) {
  const auto file = get("/page/assets/lib/app.js", "gzip");
  EXPECT_EQ(header_of(*file, "Content-Encoding"), "");
  EXPECT_EQ(file->body(), std::string(5000, 'a'));
}

TEST_F(PageFilesTest, AreSentOnceAsLongAsTheyStay) {
  const std::string etag = header_of(*get("/"), "ETag");
  EXPECT_EQ(get("/", {}, etag)->status(), 304);
  EXPECT_EQ(get("/", {}, etag)->body(), "");
  write("web/index.html", "<title>new</title>");
  EXPECT_EQ(get("/", {}, etag)->body(), "<title>new</title>");
}

TEST_F(PageFilesTest, NothingElseIsRead) {
  for (const char* name : {"../outside.txt", "lib/../../outside.txt", "lib", "lib/", "", "/etc/passwd", ".hidden",
                           "lib/app.js\n", "%2e%2e/outside.txt"})
    EXPECT_EQ(get("/page/assets/" + std::string(name))->status(), 404) << name;
}

}  // namespace
}  // namespace facet::server
