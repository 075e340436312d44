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

void check_job(const Engine& engine, const Job& job, int64_t budget) {
  check(job.options, engine);
  if (job.tokens.empty()) throw RequestError("there is no token to compute: a prompt needs at least one");
  if (job.n_choices < 1 || job.n_choices > kMostChoices)
    throw_error<RequestError>("{} answers were asked for, expected 1 to {}", job.n_choices, kMostChoices);
  if (job.tokens.size() > static_cast<size_t>(engine.context()))
    throw_error<RequestError>("the prompt has {} tokens, {} more than the context length of {}: shorten it",
                              job.tokens.size(), job.tokens.size() - static_cast<size_t>(engine.context()),
                              engine.context());
  if (const int64_t bytes = most_job_bytes(engine, job); bytes > budget)
    throw_error<RequestError>(
        "a prompt of {} tokens with {} answer(s) of up to {} tokens would take {:.1f} MB of keys, values and logits, "
        "and {:.1f} MB is the most that is allowed, whatever the context length: ask for fewer tokens or answers",
        job.tokens.size(), job.n_choices,
        job.options.max_tokens < 0 ? engine.context() - static_cast<int>(job.tokens.size()) : job.options.max_tokens,
        static_cast<double>(bytes) / 1e6, static_cast<double>(budget) / 1e6);
}

// What runs, as it will be in the next step: bytes, jobs, and those among them that could give way.
struct Room {
  int64_t bytes = 0;
  int n_running = 0;
  std::vector<RunningJob*> others;
};

}  // namespace

struct Scheduler::State {
  State(std::shared_ptr<const Engine> e, const SchedulerOptions& o)
      : engine(std::move(e)),
        options(o),
        batch(engine, o.cache, o.target_gap, o.headroom),
        budget((o.kv_budget > 0 ? o.kv_budget : engine->plan(engine->context()).kv_limit_bytes) +
               planned_answer_bytes(*engine)) {}

  std::shared_ptr<const Engine> engine;
  SchedulerOptions options;
  JobBatch batch;  // the thread's own
  const int64_t budget;

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
  // Who comes in for the next step, and who has to make room for them.
  struct Changes {
    std::vector<RunningJob*> displaced, resumed;
    std::vector<SharedTicket> admitted;
  };
  Changes choose();
  bool make_room(int64_t n_bytes, Priority priority, Room& room, Changes& changes);
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
  std::vector<SharedTicket> unwanted;
  Changes changes;
  {
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return is_stopping || !queue.empty() || !batch.empty(); });
    unwanted = take_unwanted();
    changes = choose();
    if (is_stopping && unwanted.empty() && batch.empty()) return false;
  }
  for (const SharedTicket& ticket : unwanted) tell_unwanted(ticket);
  for (RunningJob* job : changes.displaced) batch.give_way(*job);
  for (RunningJob* job : changes.resumed) batch.resume(*job);
  for (const SharedTicket& ticket : changes.admitted) batch.add(ticket);
  batch.shrink_to(budget);
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

// In turn, and none before its turn: what needs much memory would wait for ever. Who was let in before comes before
// those of its class.
Scheduler::State::Changes Scheduler::State::choose() {
  Changes changes;
  Room room{batch.bytes(), static_cast<int>(batch.n_running()), batch.running()};
  const std::vector<RunningJob*> suspended = batch.suspended();
  auto waiting = suspended.begin();
  while (true) {
    if (waiting != suspended.end() && (queue.empty() || (*waiting)->standing() >= queue.front()->job.priority)) {
      if (!make_room(batch.bytes_to_resume(**waiting), Priority::Low, room, changes)) break;
      changes.resumed.push_back(*waiting++);
    } else if (!queue.empty()) {
      const Job& job = queue.front()->job;
      if (!make_room(batch.bytes_to_start(job), job.priority, room, changes)) break;
      changes.admitted.push_back(queue.pop());
    } else {
      break;
    }
  }
  return changes;
}

// Whether one more job of so many bytes may run: alone in any case, else beside others, of which those of a lower class
// give way.
bool Scheduler::State::make_room(int64_t n_bytes, Priority priority, Room& room, Changes& changes) {
  Room left = room;
  const auto fits = [&] {
    return left.n_running == 0 || (left.n_running < options.max_running && left.bytes + n_bytes <= budget);
  };
  std::vector<RunningJob*> displaced;
  for (auto job = left.others.begin(); !fits() && job != left.others.end() && (*job)->priority() < priority;) {
    if ((*job)->has_given_way()) {
      ++job;
      continue;
    }
    left.bytes -= batch.bytes_to_resume(**job);
    --left.n_running;
    displaced.push_back(*job);
    job = left.others.erase(job);
  }
  if (!fits()) return false;
  changes.displaced.insert(changes.displaced.end(), displaced.begin(), displaced.end());
  room = std::move(left);
  room.bytes += n_bytes;
  ++room.n_running;
  return true;
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
  check_job(*s.engine, ticket->job, s.budget);
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
