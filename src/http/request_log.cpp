#include "http/request_log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <cmath>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace facet::http {
namespace {

constexpr size_t kMaxPathBytes = 500;

class LineSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LineSink(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    write_({line.data(), line.size()});
  }
  void flush_() override {}

  std::function<void(std::string_view)> write_;
};

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::Information:
      return spdlog::level::info;
    case LogLevel::Warning:
      return spdlog::level::warn;
    case LogLevel::Error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

spdlog::level::level_enum level_of(const RequestRecord& request) {
  if (request.status >= 500) return spdlog::level::err;
  return request.is_complete ? spdlog::level::info : spdlog::level::warn;
}

std::string json_fields(const RequestRecord& request) {
  const nlohmann::ordered_json line{{"id", request.id},
                                    {"method", printable(request.method, 20)},
                                    {"path", printable(request.path, kMaxPathBytes)},
                                    {"status", request.status},
                                    {"complete", request.is_complete},
                                    {"received", request.received_bytes},
                                    {"sent", request.sent_bytes},
                                    {"ms", std::round(request.seconds * 1e4) / 10},
                                    {"client", request.client}};
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace).substr(1);
}

std::string text_line(const RequestRecord& request) {
  return fmt::format("{} {} {}{} {} B {:.1f} ms {} {}", printable(request.method, 20),
                     printable(request.path, kMaxPathBytes), request.status, request.is_complete ? "" : " (not taken)",
                     request.sent_bytes, request.seconds * 1e3, printable(request.client, 100), request.id);
}

}  // namespace

RequestLog::RequestLog(LogFormat format, LogLevel level, std::function<void(std::string_view line)> write)
    : format_(format), logger_(std::make_shared<spdlog::logger>("http", std::make_shared<LineSink>(std::move(write)))) {
  logger_->set_level(to_spdlog(level));
  if (format == LogFormat::Json)
    logger_->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v)", spdlog::pattern_time_type::utc);
  else
    logger_->set_pattern("%H:%M:%S %v");
}

void RequestLog::record(const RequestRecord& request) {
  const auto level = level_of(request);
  if (logger_->should_log(level))
    logger_->log(level, format_ == LogFormat::Json ? json_fields(request) : text_line(request));
}

}  // namespace facet::http
