#include "http/metrics.h"

#include <gtest/gtest.h>

namespace facet::http {
namespace {

TEST(Metrics, CountByRouteAndStatusAndAskForGauges) {
  Metrics metrics;
  RequestRecord record;
  record.route = "/v1/models/*";
  record.status = 200;
  record.seconds = 0.3;
  record.sent_bytes = 7;
  metrics.record(record);
  metrics.record(record);
  metrics.record({});
  metrics.add_gauge("facet_things", "Things", [] { return 2.5; });
  metrics.add_counter("facet_deeds_total", "Deeds", [] { return 7; });
  const std::string text = metrics.text();
  for (const char* line : {"facet_http_requests_total{route=\"/v1/models/*\",status=\"200\"} 2",
                           "facet_http_requests_total{route=\"none\",status=\"0\"} 1",
                           "facet_http_request_seconds_bucket{route=\"/v1/models/*\",le=\"0.5\"} 2",
                           "facet_http_body_bytes_total{direction=\"sent\"} 14", "facet_things 2.5",
                           "# TYPE facet_deeds_total counter", "facet_deeds_total 7"})
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
}

}  // namespace
}  // namespace facet::http
