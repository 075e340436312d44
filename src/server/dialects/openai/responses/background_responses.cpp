#include "server/dialects/openai/responses/background_responses.h"

#include "base/error.h"
#include "server/dialects/openai/responses/response_builder.h"

namespace facet::server {
namespace {

constexpr const char* kStopped = "the server stopped before it was finished";
constexpr const char* kMarker = "background";  // kind of the store's claims to responses under way

void set_failed(Json& response, const char* why) {
  response["status"] = "failed";
  response["error"] = {{"code", "server_error"}, {"message", why}};
}

}  // namespace

BackgroundResponses::BackgroundResponses(ResponseJobs& jobs, Store& store)
    : jobs_(&jobs), store_(&store), responses_(store) {
  fail_interrupted();
}

void BackgroundResponses::fail_interrupted() {
  for (const StoredItem& marker : store_->all(kMarker)) {
    try {
      if (!store_->claim(kMarker, marker.id, marker.owner)) continue;  // another server makes it
      fail_queued(marker.owner, marker.id);
      store_->remove(kMarker, marker.id, marker.owner);
    } catch (const ResourceError&) {
      // The disk is full: it stays "queued", which current() knows better.
    }
  }
}

// One that came to its end is as it is, whether or not its marker could be removed.
void BackgroundResponses::fail_queued(const std::string& owner, const std::string& id) {
  try {
    StoredResponse stored = responses_.load(owner, id);
    if (stored.response["status"] != "queued") return;
    set_failed(stored.response, kStopped);
    responses_.save(owner, stored);
  } catch (const ApiError&) {
    // deleted in the meantime
  }
}

Json BackgroundResponses::start(ResponsesRequest request, ReplyHead head) {
  const std::string id = head.id, owner = request.generation.client;
  const auto builder = std::make_shared<ResponseBuilder>(request, head);
  const Json input = items_with_ids(request.input);
  Json queued = builder->response();
  queued["status"] = "queued";
  store_->claim(kMarker, id, owner);  // first: what is queued is never without
  responses_.save(owner, {queued, input});
  {
    const std::lock_guard lock(mutex_);
    running_[id];
  }
  const auto sink = [self = shared_from_this(), builder, input, owner](const Event& event) {
    builder->take(event);
    if (is_last(event))
      self->store_->queue().push([self, builder, input, owner] { self->finish(owner, {builder->response(), input}); });
  };
  try {
    set_job(id, jobs_->start(std::move(request), sink));
  } catch (...) {
    finish(owner, {queued, input});
    store_->remove("response", id, owner);
    throw;
  }
  return queued;
}

void BackgroundResponses::set_job(const std::string& id, std::shared_ptr<Job> job) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = running_.find(id);
    if (found == running_.end()) return;  // finished already
    found->second.job = job;
    if (!found->second.is_cancelled) return;
  }
  job->cancel();
}

// Cancelled by nobody: the service ends.
void BackgroundResponses::finish(const std::string& owner, StoredResponse stored) {
  const std::string id = stored.response["id"];
  if (stored.response["status"] == "cancelled" && !is_cancelled(id)) set_failed(stored.response, kStopped);
  try {
    if (store_->get("response", id, owner)) responses_.save(owner, stored);  // else it was deleted
    store_->remove(kMarker, id, owner);
  } catch (const ResourceError&) {
    // The disk is full: it stays "queued", which current() knows better, and fails when the server starts again.
  }
  const std::lock_guard lock(mutex_);
  running_.erase(id);
}

bool BackgroundResponses::is_cancelled(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = running_.find(id);
  return found != running_.end() && found->second.is_cancelled;
}

Json BackgroundResponses::current(const std::string& owner, const std::string& id) const {
  // Before it is read: it ends with being stored.
  const bool runs = is_running(id) || store_->is_claimed_elsewhere(kMarker, id, owner);
  Json response = responses_.load(owner, id).response;
  if (response["status"] != "queued") return response;
  if (runs)
    response["status"] = "in_progress";
  else
    set_failed(response, "the server could not store the response");
  return response;
}

bool BackgroundResponses::is_running(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  return running_.contains(id);
}

void BackgroundResponses::cancel(const std::string& id) {
  std::shared_ptr<Job> job;
  {
    const std::lock_guard lock(mutex_);
    const auto found = running_.find(id);
    if (found == running_.end()) return;
    found->second.is_cancelled = true;
    job = found->second.job;
  }
  if (job) job->cancel();
}

}  // namespace facet::server
