// A line for each request: who asked for what, and how it went. Never a body, a query or a key.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "http/server.h"

namespace spdlog {
class logger;
}

namespace facet::http {

enum class LogFormat : uint8_t { Text, Json };
// Failures of the server are errors, replies that clients did not wait for are warnings, all else is information.
enum class LogLevel : uint8_t { Information, Warning, Error };

class RequestLog {
 public:
  // What is below `level` is left out. write: takes a line with its end, one at a time.
  RequestLog(LogFormat format, LogLevel level, std::function<void(std::string_view line)> write);

  void record(const RequestRecord& request);  // any thread

 private:
  LogFormat format_;
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace facet::http
