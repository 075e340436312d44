// Responses that are made while nobody waits. What was under way when the server stopped has failed when it starts
// again.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "server/dialects/openai/reply_head.h"
#include "server/dialects/openai/responses/response_jobs.h"
#include "server/dialects/openai/responses/responses_request.h"
#include "server/dialects/openai/responses/stored_responses.h"
#include "server/service.h"

namespace facet::server {

// Shared with the events under way, which outlive a request.
class BackgroundResponses : public std::enable_shared_from_this<BackgroundResponses> {
 public:
  // jobs: outlives the calls of start().
  BackgroundResponses(ResponseJobs& jobs, Store& store);

  // Asks for it and returns the object as it is now, "queued". Throws what ResponseJobs::start throws.
  Json start(ResponsesRequest request, ReplyHead head);
  bool is_running(const std::string& id) const;
  // Any stored response, as it is now. ApiError (NotFound).
  Json current(const std::string& owner, const std::string& id) const;
  void cancel(const std::string& id);  // nothing, when it is not under way

 private:
  struct Running {
    std::shared_ptr<Job> job;  // null until the service has taken the request
    bool is_cancelled = false;
  };
  void finish(const std::string& owner, StoredResponse stored);
  bool is_cancelled(const std::string& id) const;
  void set_job(const std::string& id, std::shared_ptr<Job> job);
  void fail_interrupted();
  void fail_queued(const std::string& owner, const std::string& id);

  ResponseJobs* jobs_;
  Store* store_;
  StoredResponses responses_;
  mutable std::mutex mutex_;
  std::map<std::string, Running> running_;
};

}  // namespace facet::server
