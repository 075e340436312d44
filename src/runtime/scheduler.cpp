#include "runtime/scheduler.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "runtime/fair_queue.h"
#include "runtime/job_batch.h"

namespace facet::runtime {
namespace {

using SchedulerClock = Generation::Clock;
using SharedTicket = std::shared_ptr<Ticket>;

constexpr int kMostChoices = 128;

int weight_of(Priority priority) noexcept { return 1 << 2 * static_cast<int>(priority); }

double age(const Ticket& ticket) {
  return std::chrono::duration<double>(SchedulerClock::now() - ticket.submitted).count();
}

bool has_waited_too_long(const Ticket& ticket) {
  return ticket.job.queue_seconds > 0 && age(ticket) > ticket.job.queue_seconds;
}

void check_job(const Engine& engine, const Job& job, int64_t kv_bytes, int64_t kv_budget) {
  check(job.options, engine);
  if (job.tokens.empty()) throw RequestError("there is no token to compute: a prompt needs at least one");
  if (job.n_choices < 1 || job.n_choices > kMostChoices)
    throw_error<RequestError>("{} answers were asked for, expected 1 to {}", job.n_choices, kMostChoices);
  if (job.tokens.size() > static_cast<size_t>(engine.context()))
    throw_error<RequestError>("the prompt has {} tokens, {} more than the context length of {}: shorten it",
                              job.tokens.size(), job.tokens.size() - static_cast<size_t>(engine.context()),
                              engine.context());
  if (kv_bytes > kv_budget)
    throw_error<RequestError>(
        "a prompt of {} tokens with {} answer(s) of up to {} tokens would take {:.1f} MB of keys and values, and "
        "{:.1f} "
        "MB is the most that is allowed, whatever the context length: ask for fewer tokens or answers",
        job.tokens.size(), job.n_choices,
        job.options.max_tokens < 0 ? engine.context() - static_cast<int>(job.tokens.size()) : job.options.max_tokens,
        static_cast<double>(kv_bytes) / 1e6, static_cast<double>(kv_budget) / 1e6);
}

}  // namespace

struct Scheduler::State {
  State(std::shared_ptr<const Engine> e, const SchedulerOptions& o)
      : engine(std::move(e)), options(o), batch(engine, o.cache, o.target_gap) {
    if (options.kv_budget == 0) options.kv_budget = engine->plan(engine->context()).kv_limit_bytes;
  }

  std::shared_ptr<const Engine> engine;
  SchedulerOptions options;
  JobBatch batch;  // the thread's own

  mutable std::mutex mutex;  // of all below
  std::condition_variable wake, idle;
  FairQueue<SharedTicket> queue;
  std::map<JobId, SharedTicket> tickets;  // queued and running
  JobId last_id = 0;
  bool is_draining = false, is_stopping = false;
  int64_t n_refused = 0, n_cancelled = 0;  // of those that never ran
  SchedulerMetrics metrics;
  double seconds_per_job = 0;  // between two that are done, while there is work
  SchedulerClock::time_point last_done{};

  std::thread thread;

  void run();
  bool turn();
  std::vector<SharedTicket> admit();
  std::vector<SharedTicket> take_unwanted();
  void tell_unwanted(const SharedTicket& ticket);
  void forget(const std::vector<SharedTicket>& done);
  double retry_after() const;
};

void Scheduler::State::run() {
  while (turn()) {
  }
}

// Takes from the queue what is to run, or to be given up, and computes a step. False: all is done, and no more comes.
bool Scheduler::State::turn() {
  std::vector<SharedTicket> unwanted, admitted;
  {
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return is_stopping || !queue.empty() || !batch.empty(); });
    unwanted = take_unwanted();
    admitted = admit();
    if (is_stopping && unwanted.empty() && batch.empty()) return false;
  }
  for (const SharedTicket& ticket : unwanted) tell_unwanted(ticket);
  for (const SharedTicket& ticket : admitted) batch.add(ticket);
  try {
    batch.step();
  } catch (...) {  // no memory for the step itself
    batch.fail(std::current_exception());
  }
  auto done = batch.take_done();
  done.insert(done.end(), unwanted.begin(), unwanted.end());
  forget(done);
  return true;
}

std::vector<SharedTicket> Scheduler::State::take_unwanted() {
  std::vector<SharedTicket> unwanted;
  queue.remove_if([](const SharedTicket& t) { return t->is_cancelled || has_waited_too_long(*t); },
                  [&](SharedTicket t) { unwanted.push_back(std::move(t)); });
  for (const SharedTicket& t : unwanted) ++(t->is_cancelled ? n_cancelled : n_refused);
  return unwanted;
}

// In turn, and none before its turn: what needs much memory would wait for ever.
std::vector<SharedTicket> Scheduler::State::admit() {
  std::vector<SharedTicket> admitted;
  int64_t kv_bytes = batch.kv_bytes();
  auto n_running = static_cast<int>(batch.size());
  while (!queue.empty() && n_running < options.max_running && kv_bytes + queue.front()->kv_bytes <= options.kv_budget) {
    admitted.push_back(queue.pop());
    kv_bytes += admitted.back()->kv_bytes;
    ++n_running;
  }
  return admitted;
}

void Scheduler::State::tell_unwanted(const SharedTicket& ticket) {
  if (!ticket->is_cancelled)
    return tell_failed(
        ticket->job,
        std::make_exception_ptr(BusyError(
            fmt::format("no room was found within {:g} seconds: too much is being computed", ticket->job.queue_seconds),
            ticket->job.queue_seconds)));
  try {
    tell_cancelled(ticket->job);
  } catch (...) {
    tell_failed(ticket->job, std::current_exception());
  }
}

void Scheduler::State::forget(const std::vector<SharedTicket>& done) {
  const std::lock_guard lock(mutex);
  const auto now = SchedulerClock::now();
  for (const SharedTicket& ticket : done) {
    const double seconds = std::chrono::duration<double>(now - std::max(last_done, ticket->submitted)).count();
    seconds_per_job += (seconds_per_job == 0 ? 1 : 0.2) * (seconds - seconds_per_job);
    last_done = now;
  }
  std::erase_if(tickets, [&](const auto& entry) { return std::ranges::count(done, entry.second) > 0; });
  batch.report(metrics);
  if (tickets.empty()) idle.notify_all();
}

// Until half of the queue is gone.
double Scheduler::State::retry_after() const {
  return std::clamp(seconds_per_job * static_cast<double>(queue.size()) / 2, 1.0, 600.0);
}

Scheduler::Scheduler(std::shared_ptr<const Engine> engine, const SchedulerOptions& options)
    : state_(std::make_unique<State>(std::move(engine), options)) {
  state_->thread = std::thread([this] { state_->run(); });
}

Scheduler::~Scheduler() { stop(); }

JobId Scheduler::submit(Job job) {
  State& s = *state_;
  auto ticket = std::make_shared<Ticket>();
  ticket->job = std::move(job);
  ticket->kv_bytes = most_kv_bytes(*s.engine, ticket->job);
  check_job(*s.engine, ticket->job, ticket->kv_bytes, s.options.kv_budget);
  if (ticket->job.options.rules && ticket->job.options.rules->grammar) s.engine->token_table();  // takes a while, once
  const std::lock_guard lock(s.mutex);
  if (s.is_draining || s.is_stopping) throw BusyError("no more is taken: the engine is being stopped", 10);
  if (static_cast<int>(s.queue.size()) >= s.options.max_queued) {
    ++s.n_refused;
    throw BusyError(fmt::format("{} requests are waiting, which is the most that may: try again later", s.queue.size()),
                    s.retry_after());
  }
  const JobId id = ++s.last_id;
  s.tickets.emplace(id, ticket);
  s.queue.push(ticket->job.client, weight_of(ticket->job.priority), ticket);
  s.wake.notify_one();
  return id;
}

void Scheduler::cancel(JobId id) {
  const std::lock_guard lock(state_->mutex);
  if (const auto it = state_->tickets.find(id); it != state_->tickets.end()) it->second->cancel();
}

bool Scheduler::drain(double seconds) {
  std::unique_lock lock(state_->mutex);
  state_->is_draining = true;
  return state_->idle.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return state_->tickets.empty(); });
}

void Scheduler::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_stopping = true;
    for (const auto& entry : state_->tickets) entry.second->cancel();
  }
  state_->wake.notify_one();
  if (state_->thread.joinable()) state_->thread.join();
}

SchedulerMetrics Scheduler::metrics() const {
  const std::lock_guard lock(state_->mutex);
  SchedulerMetrics m = state_->metrics;
  m.n_queued = static_cast<int>(state_->queue.size());
  m.n_refused = state_->n_refused;
  m.n_cancelled += state_->n_cancelled;
  return m;
}

}  // namespace facet::runtime
