#include "apps/sha256.h"

#include <gtest/gtest.h>

#include <string_view>

namespace facet::apps {
namespace {

std::string of(std::string_view text) { return sha256(std::as_bytes(std::span(text))); }

// The examples of FIPS 180.
TEST(Sha256, IsTheStandardOne) {
  if (!has_sha256()) GTEST_SKIP() << "built without OpenSSL";
  EXPECT_EQ(of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

}  // namespace
}  // namespace facet::apps
