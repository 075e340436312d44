// Many clients at once through the scheduler: tokens per second, how long the first token takes, and how long the gaps
// between tokens are. All prompts differ and come at the same moment, which is the worst for those that come last.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>

#include "runtime/scheduler.h"

namespace {

using namespace facet;
using Clock = std::chrono::steady_clock;

struct Load {
  std::string model;
  int n_clients = 32, n_prompt = 256, n_answer = 64, n_threads = 0;
  double target_gap_ms = 120;
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(share * static_cast<double>(values.size())))];
}

// Waits for all clients.
class Arrivals {
 public:
  explicit Arrivals(int n) : n_left_(n) {}
  void arrive() {
    const std::lock_guard lock(mutex_);
    --n_left_;
    all_.notify_one();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    all_.wait(lock, [this] { return n_left_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_;
  int n_left_;
};

class Client : public runtime::JobListener {
 public:
  explicit Client(Arrivals& done) : done_(done) {}

  bool on_event(int /*choice*/, const runtime::GenerateEvent& event) override {
    if (event.token < 0) return true;
    if (n_tokens_++ == 0)
      first_token_seconds_ = seconds_since(start_);
    else
      gaps_.push_back(seconds_since(last_));
    last_ = Clock::now();
    return true;
  }
  void on_finished(int /*choice*/, runtime::GenerateResult /*result*/) override { done_.arrive(); }
  void on_failed(std::exception_ptr error) override {
    error_ = error;
    done_.arrive();
  }

  // After all have arrived.
  void check() const {
    if (error_) std::rethrow_exception(error_);
  }
  int n_tokens() const { return n_tokens_; }
  double first_token_seconds() const { return first_token_seconds_; }
  const std::vector<double>& gaps() const { return gaps_; }

 private:
  Arrivals& done_;
  Clock::time_point start_ = Clock::now(), last_{};
  int n_tokens_ = 0;
  double first_token_seconds_ = 0;
  std::vector<double> gaps_;
  std::exception_ptr error_;
};

runtime::Job job_of(const Load& load, uint32_t seed, const runtime::Engine& engine) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<text::TokenId> any(1000, engine.tokenizer().n_tokens() - 1000);
  runtime::Job job;
  job.tokens = {2};
  while (static_cast<int>(job.tokens.size()) < load.n_prompt) job.tokens.push_back(any(random));
  job.options = runtime::default_options(engine);
  job.options.stop_tokens.clear();
  job.options.max_tokens = load.n_answer;
  job.options.sampling.seed = seed;
  job.client = std::to_string(seed);
  return job;
}

nlohmann::ordered_json measure(const Load& load) {
  runtime::EngineOptions engine_options;
  engine_options.n_threads = load.n_threads;
  engine_options.context = load.n_prompt + load.n_answer;
  const auto engine = runtime::Engine::load(load.model, engine_options);
  runtime::SchedulerOptions options;
  options.max_running = options.max_queued = load.n_clients;
  options.target_gap = load.target_gap_ms / 1e3;
  options.kv_budget = load.n_clients * engine->plan(engine->context()).kv_limit_bytes;
  runtime::Scheduler scheduler(engine, options);
  Arrivals done(load.n_clients);
  std::vector<std::shared_ptr<Client>> clients;
  const auto start = Clock::now();
  for (int i = 0; i < load.n_clients; ++i) {
    runtime::Job job = job_of(load, static_cast<uint32_t>(i) + 1, *engine);
    job.listener = clients.emplace_back(std::make_shared<Client>(done));
    scheduler.submit(std::move(job));
  }
  done.wait();
  const double seconds = seconds_since(start);
  std::vector<double> first, gaps;
  int n_tokens = 0;
  for (const auto& client : clients) {
    client->check();
    n_tokens += client->n_tokens();
    first.push_back(client->first_token_seconds());
    gaps.insert(gaps.end(), client->gaps().begin(), client->gaps().end());
  }
  scheduler.drain(60);
  const runtime::SchedulerMetrics m = scheduler.metrics();
  return {{"seconds", seconds},
          {"answer_tokens_per_s", n_tokens / seconds},
          {"all_tokens_per_s", (n_tokens + load.n_clients * load.n_prompt) / seconds},
          {"first_token_s", {{"p50", quantile(first, 0.5)}, {"p95", quantile(first, 0.95)}}},
          {"gap_s", {{"p50", quantile(gaps, 0.5)}, {"p99", quantile(gaps, 0.99)}}},
          {"decode_steps", m.n_decode_steps},
          {"rows_of_a_decode_step", static_cast<double>(m.n_decode_rows) / static_cast<double>(m.n_decode_steps)},
          {"prefill_steps", m.n_prefill_steps},
          {"rows_of_a_prefill_step", static_cast<double>(m.n_prefill_rows) / static_cast<double>(m.n_prefill_steps)}};
}

}  // namespace

int main(int argc, char** argv) {
  Load load;
  CLI::App app("Many clients at once through the scheduler");
  app.add_option("model", load.model, "A .gguf or a checkpoint folder")->required();
  app.add_option("--clients", load.n_clients)->check(CLI::Range(1, 10000));
  app.add_option("--prompt", load.n_prompt, "Tokens of each prompt")->check(CLI::Range(2, 1 << 20));
  app.add_option("--answer", load.n_answer, "Tokens of each answer")->check(CLI::Range(2, 1 << 20));
  app.add_option("--threads", load.n_threads)->check(CLI::Range(1, 1024));
  app.add_option("--gap", load.target_gap_ms, "Milliseconds wanted between two tokens of an answer");
  CLI11_PARSE(app, argc, argv);
  try {
    std::puts(measure(load).dump(2).c_str());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "scheduler_load: %s\n", e.what());
    return 1;
  }
}
