// The lines of a batch: what they ask, and how each is asked and answered without a client.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"
#include "server/json_reading.h"

namespace facet::server {

struct BatchLine {
  std::string custom_id;
  std::string body;
};

// Lines of {custom_id, method, url, body}. What is wrong with them is added to `errors`: [{code, message, line}].
std::vector<BatchLine> parse_batch_lines(std::string_view content, const std::string& endpoint, Json& errors);
// {id, custom_id, response: {status_code, request_id, body}, error}.
Json batch_reply(const std::string& custom_id, int status, const std::string& body);

// An exchange whose reply goes to a function, once; 500 when nothing replied.
class LineExchange : public http::Exchange {
 public:
  using Done = std::function<void(int status, std::string body)>;
  LineExchange(http::Request request, Done done) : request_(std::move(request)), done_(std::move(done)) {}
  ~LineExchange() override;

  const http::Request& request() const override { return request_; }
  void reply(int status, std::string_view content_type, std::string body, http::Headers headers) override;
  void begin(int status, std::string_view content_type, http::Headers headers) override;
  void write(std::string bytes) override;
  void end() override;
  bool is_closed() const override;
  void on_close(std::function<void()> callback) override;

  void close();  // whoever answers is told to stop

 private:
  http::Request request_;
  Done done_;
  mutable std::mutex mutex_;
  int status_ = 500;
  std::string body_;
  bool is_closed_ = false;
  std::function<void()> on_close_;
};

}  // namespace facet::server
