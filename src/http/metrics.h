// Counters of requests, and figures of whoever has some, in Prometheus' text format.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "http/server.h"

namespace facet::http {

class Metrics {
 public:
  Metrics();
  ~Metrics();

  // All of these on any thread.
  void record(const RequestRecord& request);
  // value: asked for whenever the metrics are read. The name is of Prometheus' form: "facet_queue_length".
  void add_gauge(const std::string& name, const std::string& help, std::function<double()> value);
  // The same of what never falls: "facet_tokens_total".
  void add_counter(const std::string& name, const std::string& help, std::function<double()> value);
  std::string text() const;
  static constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace facet::http
