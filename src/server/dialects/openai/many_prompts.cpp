#include "server/dialects/openai/many_prompts.h"

#include <algorithm>
#include <mutex>

namespace facet::server {
namespace {

void add_usage(Usage& sum, const Usage& usage) {
  sum.n_prompt += usage.n_prompt;
  sum.n_cached += usage.n_cached;
  sum.n_generated += usage.n_generated;
  sum.n_thought += usage.n_thought;
  for (const auto seconds : {&Usage::queue_seconds, &Usage::load_seconds, &Usage::prompt_seconds,
                             &Usage::decode_seconds, &Usage::total_seconds})
    sum.*seconds = std::max(sum.*seconds, usage.*seconds);  // they run side by side
}

// Joins the events of all answers; jobs may report from several threads.
class JoinedJob : public Job {
 public:
  JoinedJob(size_t n_answers, EventSink sink) : n_left_(n_answers), sink_(std::move(sink)) {}

  void add(const std::shared_ptr<Job>& job) {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(job);
      if (!has_failed_) return;
    }
    job->cancel();
  }

  void cancel() override {
    for (const auto& job : jobs())
      if (const auto running = job.lock()) running->cancel();
  }

  // Nothing more reaches the sink.
  void abandon() {
    {
      const std::lock_guard lock(mutex_);
      has_failed_ = true;
    }
    cancel();
  }

  // An event of the answer whose choices begin at `offset`.
  void take(Event event, int offset) {
    const bool has_failed = std::holds_alternative<event::Failed>(event);
    {
      const std::lock_guard lock(mutex_);
      if (has_failed_) return;
      has_failed_ = has_failed;
      std::visit([&](auto& e) { pass(e, offset); }, event);
    }
    if (has_failed) cancel();
  }

 private:
  std::vector<std::weak_ptr<Job>> jobs() {
    const std::lock_guard lock(mutex_);
    return jobs_;
  }

  template <class E>
  void pass(E& event, int offset) {
    if constexpr (requires { event.choice; }) event.choice += offset;
    sink_(event);
  }
  void pass(event::Started& event, int) {
    if (!std::exchange(has_started_, true)) sink_(event);
  }
  void pass(event::Done& event, int) {
    add_usage(usage_, event.usage);
    if (--n_left_ == 0) sink_(event::Done{usage_});
  }

  std::recursive_mutex mutex_;  // a sink may cancel
  size_t n_left_;
  EventSink sink_;
  Usage usage_;
  bool has_started_ = false, has_failed_ = false;
  std::vector<std::weak_ptr<Job>> jobs_;  // whose sinks hold this
};

}  // namespace

std::shared_ptr<Job> generate_all(Service& service, std::vector<GenerationRequest> requests, EventSink sink) {
  const auto joined = std::make_shared<JoinedJob>(requests.size(), std::move(sink));
  int offset = 0;
  try {
    for (GenerationRequest& request : requests) {
      const int n = request.n, first = offset;
      offset += n;
      joined->add(
          service.generate(std::move(request), [joined, first](const Event& event) { joined->take(event, first); }));
    }
  } catch (...) {
    joined->abandon();
    throw;
  }
  return joined;
}

}  // namespace facet::server
