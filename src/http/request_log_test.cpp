#include "http/request_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

namespace facet::http {
namespace {

TEST(RequestLog, JsonLinesAreJsonWhateverClientsSend) {
  std::string kept;
  RequestLog log(LogFormat::Json, LogLevel::Information, [&](std::string_view line) { kept += line; });
  RequestRecord record;
  record.id = "req_1";
  record.method = "GET";
  record.path = "/a\"\n\xff";
  record.status = 404;
  record.client = "laptop";
  record.is_complete = true;
  record.seconds = 0.01234;
  log.record(record);
  const auto line = nlohmann::json::parse(kept);
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["status"], 404);
  EXPECT_EQ(line["client"], "laptop");
  EXPECT_EQ(line["ms"], 12.3);
  EXPECT_EQ(line["time"].get<std::string>().back(), 'Z');
  EXPECT_EQ(std::count(kept.begin(), kept.end(), '\n'), 1);
}

TEST(RequestLog, LevelsLeaveOut) {
  std::string kept;
  RequestLog log(LogFormat::Text, LogLevel::Error, [&](std::string_view line) { kept += line; });
  RequestRecord record;
  record.path = "/quiet";
  record.status = 200;
  record.is_complete = true;
  log.record(record);
  EXPECT_EQ(kept, "");
  record.path = "/loud";
  record.status = 500;
  log.record(record);
  EXPECT_NE(kept.find("/loud 500"), std::string::npos) << kept;
}

}  // namespace
}  // namespace facet::http
