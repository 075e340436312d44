#include "server/multipart.h"

#include <gtest/gtest.h>

#include "server/api_error.h"

namespace facet::server {
namespace {

std::string form_refusal(std::string_view type, std::string_view body) {
  try {
    parse_multipart(type, body);
  } catch (const ApiError& e) {
    EXPECT_EQ(e.status(), 400);
    return e.what();
  }
  return "no error";
}

TEST(Multipart, FieldsAndFiles) {
  const std::string body =
      "--x\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
      "--x\r\ncontent-disposition: form-data; filename=\"a \\\"b\\\".txt\"; name=file\r\nContent-Type: "
      "text/plain\r\n\r\n"
      "--x is no boundary here\r\n--\r\n--x\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--x--\r\n";
  const auto parts = parse_multipart("Multipart/Form-Data; charset=utf-8; boundary=\"x\"", body);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].name, "purpose");
  EXPECT_EQ(parts[0].content, "batch");
  EXPECT_EQ(parts[0].filename, "");
  EXPECT_EQ(parts[1].name, "file");
  EXPECT_EQ(parts[1].filename, "a \"b\".txt");
  EXPECT_EQ(parts[1].type, "text/plain");
  EXPECT_EQ(parts[1].content, "--x is no boundary here\r\n--");
  EXPECT_EQ(parts[2].content, "");
}

TEST(Multipart, SaysWhatIsWrong) {
  constexpr const char* kType = "multipart/form-data; boundary=x";
  EXPECT_NE(form_refusal("application/json", "{}").find("expected a form"), std::string::npos);
  EXPECT_NE(form_refusal("multipart/form-data", "--x--").find("expected a form"), std::string::npos);
  EXPECT_NE(form_refusal(kType, "hello").find("does not begin"), std::string::npos);
  EXPECT_NE(form_refusal(kType, "--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb").find("cut short"),
            std::string::npos);
  EXPECT_NE(form_refusal(kType, "--x\r\nA: b\r\n\r\nb\r\n--x--").find("has no name"), std::string::npos);
  EXPECT_NE(form_refusal(kType, "--x\r\n" + std::string(20000, 'a')).find("no end of its headers"), std::string::npos);
  std::string many;
  for (int i = 0; i < 200; ++i) many += "--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n";
  EXPECT_NE(form_refusal(kType, many + "--x--").find("more than 100 parts"), std::string::npos);
}

}  // namespace
}  // namespace facet::server
