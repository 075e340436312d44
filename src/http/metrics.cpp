#include "http/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <vector>

namespace facet::http {
namespace {

// Seconds: from a health check to an answer of minutes.
const prometheus::Histogram::BucketBoundaries kSeconds{0.001, 0.005, 0.02, 0.1, 0.5, 1,   2,
                                                       5,     10,    30,   60,  120, 300, 600};

}  // namespace

struct Metrics::State {
  struct Figure {
    std::string name, help;
    prometheus::MetricType type;
    std::function<double()> value;

    prometheus::MetricFamily now() const {
      prometheus::ClientMetric metric;
      (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value();
      return {name, help, type, {metric}};
    }
  };

  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter()
          .Name("facet_http_requests_total")
          .Help("Requests by route and status; 0: closed by the client before")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& seconds = prometheus::BuildHistogram()
                                                           .Name("facet_http_request_seconds")
                                                           .Help("From a request's first byte to its reply's last")
                                                           .Register(registry);
  prometheus::Family<prometheus::Counter>& bytes =
      prometheus::BuildCounter().Name("facet_http_body_bytes_total").Help("Bytes of bodies").Register(registry);
  prometheus::Counter& received = bytes.Add({{"direction", "received"}});
  prometheus::Counter& sent = bytes.Add({{"direction", "sent"}});
  std::mutex mutex;
  std::vector<Figure> figures;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::record(const RequestRecord& request) {
  // Labels have few values: routes as they are written, never a client's paths.
  const std::string route = request.route.empty() ? "none" : request.route;
  state_->requests.Add({{"route", route}, {"status", std::to_string(request.status)}}).Increment();
  state_->seconds.Add({{"route", route}}, kSeconds).Observe(request.seconds);
  state_->received.Increment(static_cast<double>(request.received_bytes));
  state_->sent.Increment(static_cast<double>(request.sent_bytes));
}

void Metrics::add_gauge(const std::string& name, const std::string& help, std::function<double()> value) {
  const std::lock_guard lock(state_->mutex);
  state_->figures.push_back({name, help, prometheus::MetricType::Gauge, std::move(value)});
}

void Metrics::add_counter(const std::string& name, const std::string& help, std::function<double()> value) {
  const std::lock_guard lock(state_->mutex);
  state_->figures.push_back({name, help, prometheus::MetricType::Counter, std::move(value)});
}

std::string Metrics::text() const {
  std::vector<prometheus::MetricFamily> families = state_->registry.Collect();
  const std::lock_guard lock(state_->mutex);
  for (const State::Figure& figure : state_->figures) families.push_back(figure.now());
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace facet::http
