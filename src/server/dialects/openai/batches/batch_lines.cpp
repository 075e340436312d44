#include "server/dialects/openai/batches/batch_lines.h"

#include <fmt/format.h>

#include <set>

#include "server/ids.h"

namespace facet::server {
namespace {

constexpr size_t kMaxLines = 50'000, kMaxErrors = 20;

BatchLine parse_batch_line(std::string_view text, const std::string& endpoint) {
  const Json json = parse_body(text);
  const Fields line(json);
  if (line.string_or("method", "POST") != "POST") throw_invalid("method", "expected POST");
  if (const std::string url = line.required_string("url"); url != endpoint)
    throw_invalid("url", fmt::format("'{}' is not the batch's endpoint {}", url, endpoint));
  const Json& body = line.require("body");
  if (Fields(body, "body").boolean_or("stream", false)) throw_invalid("body.stream", "a batch has no streams");
  return {line.required_string("custom_id"), text::chat_json_text(body)};
}

}  // namespace

std::vector<BatchLine> parse_batch_lines(std::string_view content, const std::string& endpoint, Json& errors) {
  std::vector<BatchLine> lines;
  std::set<std::string> ids;
  const auto complain = [&errors](const char* code, const std::string& message, size_t line) {
    if (errors.size() < kMaxErrors) errors.push_back({{"code", code}, {"message", message}, {"line", line}});
  };
  for (size_t number = 1; !content.empty(); ++number) {
    const size_t end = std::min(content.find('\n'), content.size());
    const std::string_view text = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    try {
      BatchLine line = parse_batch_line(text, endpoint);
      if (!ids.insert(line.custom_id).second) complain("duplicate_custom_id", "custom_id: is there twice", number);
      lines.push_back(std::move(line));
    } catch (const ApiError& e) {
      complain("invalid_line", e.what(), number);
    }
    if (lines.size() > kMaxLines) {
      complain("too_many_lines", fmt::format("more than {} lines", kMaxLines), number);
      break;
    }
  }
  if (lines.empty() && errors.empty()) complain("empty_file", "the file has no lines", 1);
  return lines;
}

Json batch_reply(const std::string& custom_id, int status, const std::string& body) {
  const std::string id = new_id("batch_req_");
  Json json = Json::parse(body, nullptr, false);
  return {{"id", id},
          {"custom_id", custom_id},
          {"response",
           {{"status_code", status}, {"request_id", id}, {"body", json.is_discarded() ? Json(body) : std::move(json)}}},
          {"error", nullptr}};
}

LineExchange::~LineExchange() {
  if (done_) done_(500, R"({"error":{"message":"nothing replied","type":"server_error","param":null,"code":null}})");
}

void LineExchange::reply(int status, std::string_view, std::string body, http::Headers) {
  if (Done done = std::exchange(done_, nullptr)) done(status, std::move(body));
}
void LineExchange::begin(int status, std::string_view, http::Headers) { status_ = status; }
void LineExchange::write(std::string bytes) { body_ += bytes; }
void LineExchange::end() { reply(status_, {}, std::move(body_), {}); }

bool LineExchange::is_closed() const {
  const std::lock_guard lock(mutex_);
  return is_closed_;
}

void LineExchange::on_close(std::function<void()> callback) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_closed_) {
      on_close_ = std::move(callback);
      return;
    }
  }
  callback();
}

void LineExchange::close() {
  std::function<void()> callback;
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    callback = std::exchange(on_close_, nullptr);
  }
  if (callback) callback();
}

}  // namespace facet::server
