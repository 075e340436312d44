#include "server/dialects/openai/responses/response_jobs.h"

#include <atomic>

#include "server/dialects/openai/responses/mcp_answer.h"

namespace facet::server {
namespace {

constexpr size_t kMaxRunning = 128;

}  // namespace

struct ResponseJobs::Running {
  std::weak_ptr<McpAnswer> answer;  // its thread holds it
  std::shared_ptr<std::atomic<bool>> is_over = std::make_shared<std::atomic<bool>>(false);
  std::thread thread;
};

ResponseJobs::ResponseJobs(Service& service, McpAccess access) : service_(&service), access_(std::move(access)) {}

ResponseJobs::~ResponseJobs() {
  for (Running& running : running_)
    if (const auto answer = running.answer.lock()) answer->cancel();
  for (Running& running : running_) running.thread.join();
}

std::shared_ptr<Job> ResponseJobs::start(ResponsesRequest request, EventSink sink) {
  if (request.mcp.is_empty()) return service_->generate(std::move(request.generation), std::move(sink));
  auto answer = std::make_shared<McpAnswer>(*service_, access_, std::move(request), std::move(sink));
  const std::lock_guard lock(mutex_);
  running_.remove_if([](Running& running) {
    if (!*running.is_over) return false;
    running.thread.join();
    return true;
  });
  if (running_.size() >= kMaxRunning)
    throw ApiError(ApiError::Kind::Busy, "too many responses wait for MCP servers: try again later", {}, 5);
  Running& running = running_.emplace_back();
  running.answer = answer;
  try {
    running.thread = std::thread([answer, is_over = running.is_over]() mutable {
      try {
        answer->run();
      } catch (...) {  // the reply could not be written: its client is told by the connection's end
      }
      answer.reset();
      *is_over = true;
    });
  } catch (...) {
    running_.pop_back();
    throw;
  }
  return answer;
}

}  // namespace facet::server
