#include "server/duration.h"

#include <gtest/gtest.h>

namespace facet::server {
namespace {

TEST(Duration, IsWhatGoWritesOrSeconds) {
  EXPECT_EQ(parse_duration("5m"), 300);
  EXPECT_EQ(parse_duration("1h30m"), 5400);
  EXPECT_DOUBLE_EQ(parse_duration("300ms").value(), 0.3);
  EXPECT_DOUBLE_EQ(parse_duration("1.5h").value(), 5400);
  EXPECT_EQ(parse_duration("-1s"), -1);
  EXPECT_EQ(parse_duration("-1"), -1);
  EXPECT_EQ(parse_duration("0"), 0);
  EXPECT_EQ(parse_duration("90"), 90);
  EXPECT_EQ(parse_duration("1000000000"), 1e9);
}

TEST(Duration, NothingElseIsOne) {
  for (const char* bad : {"", "m", "5 m", "5x", "1h30", "--1", "1e3s", "inf", "-inf", "nan", "infinity", "0x10",
                          "1000000001", "300000h", "-300000h"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
  EXPECT_FALSE(parse_duration(std::string(400, '9')));
}

std::optional<double> keep_alive_of(const Json& value) {
  const Json body = {{"keep_alive", value}};
  return read_keep_alive(Fields(body));
}

TEST(KeepAlive, IsADurationOrSeconds) {
  EXPECT_EQ(keep_alive_of("10m"), 600);
  EXPECT_EQ(keep_alive_of(-1), -1);
  EXPECT_EQ(keep_alive_of(0), 0);
  EXPECT_EQ(keep_alive_of(2.5), 2.5);
  EXPECT_FALSE(keep_alive_of(""));
  EXPECT_FALSE(keep_alive_of(nullptr));
  for (const Json& bad : {Json("soon"), Json(1e300), Json(-1e300), Json(true), Json::array()}) {
    try {
      keep_alive_of(bad);
      ADD_FAILURE() << bad;
    } catch (const ApiError& e) {
      EXPECT_EQ(e.status(), 400);
      EXPECT_EQ(e.parameter(), "keep_alive");
    }
  }
}

}  // namespace
}  // namespace facet::server
