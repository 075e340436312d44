// Answers to responses requests under way: the service's own, and those that have tools of MCP servers, each with a
// thread that may wait for them.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "server/dialects/openai/responses/responses_request.h"
#include "server/mcp/access.h"
#include "server/service.h"

namespace facet::server {

class ResponseJobs {
 public:
  ResponseJobs(Service& service, McpAccess access);
  ~ResponseJobs();  // cancels what waits for servers, and waits for its end
  ResponseJobs(const ResponseJobs&) = delete;
  ResponseJobs& operator=(const ResponseJobs&) = delete;

  // As Service::generate. ApiError (Busy) when too many have threads.
  std::shared_ptr<Job> start(ResponsesRequest request, EventSink sink);

 private:
  struct Running;

  Service* service_;
  McpAccess access_;
  std::mutex mutex_;  // of running_
  std::list<Running> running_;
};

}  // namespace facet::server
