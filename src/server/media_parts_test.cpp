#include "server/media_parts.h"

#include <gtest/gtest.h>

#include "server/api_error.h"

namespace facet::server {
namespace {

constexpr const char* kPng = "iVBORw0KGgo=";  // a PNG's signature

std::string url_refusal(const std::string& url) {
  try {
    bytes_of_url(url, "messages[0].content[1].image_url");
  } catch (const ApiError& e) {
    EXPECT_EQ(e.status(), 400);
    EXPECT_EQ(e.parameter(), "messages[0].content[1].image_url");
    return e.what();
  }
  return "no error";
}

TEST(MediaParts, DataUrls) {
  EXPECT_EQ(bytes_of_url("data:text/plain,a%20b", "x").bytes, "a b");
  EXPECT_EQ(bytes_of_url("DATA:Image/PNG;name=x;base64,aGk=", "x").type, "image/png");
  EXPECT_EQ(bytes_of_url("data:image/png;base64,aGk=", "x").bytes, "hi");
  EXPECT_NE(url_refusal("https://example.org/cat.png").find("does not fetch addresses"), std::string::npos);
  EXPECT_NE(url_refusal("/etc/passwd").find("is no data: URL"), std::string::npos);
  EXPECT_NE(url_refusal("file:///etc/passwd").find("is no data: URL"), std::string::npos);
  EXPECT_NE(url_refusal("data:image/png;base64,a*b").find("bad base64"), std::string::npos);
  EXPECT_NE(url_refusal("data:image/png;base64,").find("is empty"), std::string::npos);
}

TEST(MediaParts, FilesByContent) {
  std::vector<MediaInput> media;
  EXPECT_EQ(file_part(bytes_of_base64(kPng, "x"), "text/plain", "a.txt", "x", media)["type"], "image");
  EXPECT_EQ(file_part("RIFF1234WAVEfmt " + std::string(20, '\0'), "audio/wav", "a.wav", "x", media)["type"], "audio");
  EXPECT_EQ(media.size(), 2);
  EXPECT_EQ(file_part("be brief", "", "a.txt", "x", media)["text"], "a.txt:\nbe brief");
  EXPECT_EQ(media.size(), 2);
  EXPECT_THROW(file_part("%PDF-1.7\n", "application/pdf", "a.pdf", "x", media), ApiError);
  EXPECT_THROW(file_part(std::string("\x01\x02\xff", 3), "", "a.bin", "x", media), ApiError);
}

}  // namespace
}  // namespace facet::server
