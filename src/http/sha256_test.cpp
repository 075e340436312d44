#include "http/sha256.h"

#include <gtest/gtest.h>

namespace facet::http {
namespace {

// The examples of FIPS 180.
TEST(Sha256, IsTheStandardOne) {
  const auto of = [](std::string_view text) { return hex_digits(sha256(text)); };
  EXPECT_EQ(of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

}  // namespace
}  // namespace facet::http
