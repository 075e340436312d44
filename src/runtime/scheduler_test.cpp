// Who waits and for how long, what is refused, and what an end looks like. Steps are counted, not timed.
#include "runtime/scheduler.h"

#include "model/config.h"
#include "runtime/page_pool.h"
#include "runtime/prefill_pacer.h"
#include "runtime/running_job.h"
#include "runtime/test_listener.h"
#include "runtime/test_models.h"

namespace facet::runtime {
namespace {

// Tells of the rows of each layer of each step.
class WatchedOps final : public ops::ForwardingOps {
 public:
  using OnLayer = std::function<void(int layer, int n_rows)>;
  WatchedOps(std::unique_ptr<ops::Ops> inner, const OnLayer& on_layer)
      : ForwardingOps(std::move(inner)), on_layer_(on_layer) {}

  void probe(std::string_view name, int layer, ops::ConstMat x) noexcept override {
    if (name == "embed" && on_layer_) on_layer_(-1, x.n_rows);
    if (name == "out" && on_layer_) on_layer_(layer, x.n_rows);
    ForwardingOps::probe(name, layer, x);
  }

 private:
  const OnLayer& on_layer_;
};

class SchedulerTest : public testing::Test {
 protected:
  void SetUp() override {
    SKIP_WITHOUT_GOLDENS();
    EngineOptions options = tiny_options();
    options.context = 2048;
    options.prefill_chunk = 128;
    options.wrap_ops = [this](std::unique_ptr<ops::Ops> op) {
      return std::make_unique<WatchedOps>(std::move(op), on_layer_);
    };
    engine_ = Engine::load(tiny_path("tiny-gemma3"), options);
  }

  Job job(int n_prompt, int max_tokens, const std::shared_ptr<TestListener>& listener) {
    Job job;
    job.tokens = random_tokens(n_prompt, ++seed_);
    job.options.sampling.temperature = 0;
    job.options.max_tokens = max_tokens;
    job.options.draft = Draft::Off;
    job.listener = listener;
    return job;
  }

  // A job that keeps the scheduler's thread until the gate opens.
  Job blocking_job(const std::shared_ptr<TestListener>& listener, Gate& started, Gate& gate) {
    listener->at_start = [&] {
      started.open();
      gate.wait();
    };
    return job(4, 1, listener);
  }

  static std::shared_ptr<TestListener> listener(int n = 1) { return std::make_shared<TestListener>(n); }

  WatchedOps::OnLayer on_layer_;
  std::shared_ptr<const Engine> engine_;
  uint32_t seed_ = 0;
};

TEST_F(SchedulerTest, ClientsTakeTurns) {
  SchedulerOptions options;
  options.max_running = 1;
  Scheduler scheduler(engine_, options);
  Gate started, gate;
  const auto first = listener();
  scheduler.submit(blocking_job(first, started, gate));
  started.wait();
  std::string order;
  std::vector<std::shared_ptr<TestListener>> all;
  const auto submit = [&](const std::string& client, Priority priority) {
    const auto& l = all.emplace_back(listener());
    l->at_start = [&order, client] { order += client; };
    Job next = job(5, 2, l);
    next.client = client;
    next.priority = priority;
    scheduler.submit(std::move(next));
  };
  for (int i = 0; i < 4; ++i) submit("a", Priority::Normal);
  for (int i = 0; i < 2; ++i) submit("b", Priority::Normal);
  submit("c", Priority::High);
  gate.open();
  for (const auto& l : all) ASSERT_TRUE(l->wait());
  EXPECT_EQ(order, "cababaa");
  EXPECT_GT(all.back()->start.queue_seconds, 0);
}

TEST_F(SchedulerTest, AFullQueueSaysWhenToComeBack) {
  SchedulerOptions options;
  options.max_running = 1;
  options.max_queued = 2;
  Scheduler scheduler(engine_, options);
  Gate started, gate;
  const auto first = listener(), second = listener(), third = listener();
  scheduler.submit(blocking_job(first, started, gate));
  started.wait();
  scheduler.submit(job(5, 1, second));
  Job impatient = job(5, 1, third);
  impatient.queue_seconds = 1e-3;
  scheduler.submit(std::move(impatient));
  try {
    scheduler.submit(job(5, 1, listener()));
    ADD_FAILURE() << "was taken";
  } catch (const BusyError& e) {
    EXPECT_GE(e.retry_after(), 1);
    EXPECT_STREQ(e.what(), "2 requests are waiting, which is the most that may: try again later");
  }
  EXPECT_EQ(scheduler.metrics().n_queued, 2);
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  gate.open();
  ASSERT_TRUE(second->wait());
  ASSERT_TRUE(third->wait());
  EXPECT_EQ(second->results[0].tokens.size(), 1u);
  EXPECT_TRUE(third->failed_with<BusyError>());
  EXPECT_EQ(scheduler.metrics().n_refused, 2);
}

TEST_F(SchedulerTest, WhatCannotBeIsRefusedAtOnce) {
  SchedulerOptions options;
  options.kv_budget = 1 << 20;
  Scheduler scheduler(engine_, options);
  const auto expect_refused = [&](Job job, std::string_view words) {
    try {
      scheduler.submit(std::move(job));
      ADD_FAILURE() << "was taken; expected: " << words;
    } catch (const RequestError& e) {
      EXPECT_NE(std::string_view(e.what()).find(words), std::string_view::npos) << e.what();
    }
  };
  expect_refused(job(2049, 1, listener()), "1 more than the context length of 2048");
  expect_refused(job(2000, -1, listener()), "context length");
  expect_refused(job(0, 1, listener()), "at least one");
  Job none = job(5, 1, listener());
  none.n_choices = 0;
  expect_refused(none, "0 answers");
  Job hot = job(5, 1, listener());
  hot.options.sampling.temperature = -1;
  expect_refused(hot, "temperature");
  const auto l = listener();
  Job outside = job(5, 1, l);
  outside.tokens[2] = 1 << 28;  // is found when it is begun
  scheduler.submit(outside);
  ASSERT_TRUE(l->wait());
  EXPECT_TRUE(l->failed_with<RequestError>());
}

TEST_F(SchedulerTest, MemoryIsNeverPromisedTwice) {
  SchedulerOptions options;
  options.kv_budget = engine_->plan(engine_->context()).kv_limit_bytes / 2;
  Scheduler scheduler(engine_, options);
  std::vector<std::shared_ptr<TestListener>> all;
  std::atomic<int64_t> most = 0;
  const int64_t page = static_cast<int64_t>((*engine_->page_pools())[0].page_bytes()),
                local_page = static_cast<int64_t>((*engine_->page_pools())[1].page_bytes());
  for (int i = 0; i < 12; ++i) {
    const auto& l = all.emplace_back(listener(2));
    l->at_event = [&](int, int) {
      most = std::max<int64_t>(
          most, (*engine_->page_pools())[0].n_used() * page + (*engine_->page_pools())[1].n_used() * local_page);
      return true;
    };
    Job two = job(60 + 8 * i, 20, l);
    two.n_choices = 2;
    scheduler.submit(std::move(two));
  }
  for (const auto& l : all) {
    ASSERT_TRUE(l->wait());
    EXPECT_EQ(l->results.size(), 2u);
  }
  EXPECT_GT(most, 0);
  EXPECT_LE(most, options.kv_budget + planned_answer_bytes(*engine_));
}

// What one of them takes at most is there, so all of them start, and grow until some have to give way.
TEST_F(SchedulerTest, AnswersThatOutgrowTheMemoryWaitAndGoOn) {
  std::vector<Job> jobs;
  for (int i = 0; i < 4; ++i) jobs.push_back(job(100, 400, nullptr));
  std::vector<GenerateResult> alone;
  for (const Job& j : jobs) {
    Session session(engine_);
    alone.push_back(generate(session, j.tokens, j.options));
  }
  for (const bool has_cache : {false, true}) {
    SchedulerOptions options;
    options.headroom = 16;
    options.kv_budget = most_job_bytes(*engine_, jobs[0]) * 2;
    if (has_cache) options.cache = cache_in_memory(engine_);
    Scheduler scheduler(engine_, options);
    std::vector<std::shared_ptr<TestListener>> all;
    for (const Job& j : jobs) {
      Job one = j;
      one.listener = all.emplace_back(listener());
      scheduler.submit(std::move(one));
    }
    for (size_t i = 0; i < all.size(); ++i) {
      ASSERT_TRUE(all[i]->wait());
      EXPECT_EQ(all[i]->results[0].tokens, alone[i].tokens) << i << (has_cache ? ", with a cache" : "");
    }
    EXPECT_TRUE(scheduler.drain(10));
    const SchedulerMetrics m = scheduler.metrics();
    EXPECT_GT(m.n_suspended, 0);
    EXPECT_EQ(m.n_tokens, 4 * 400);
    EXPECT_EQ(m.n_finished, 4);
  }
}

TEST_F(SchedulerTest, AHigherClassNeedNotWaitForALowerOne) {
  SchedulerOptions options;
  options.max_running = 1;
  Scheduler scheduler(engine_, options);
  Job background = job(20, 300, nullptr);
  background.priority = Priority::Low;
  Session session(engine_);
  const GenerateResult alone = generate(session, background.tokens, background.options);
  const auto slow = listener(), first = listener(), second = listener();
  Gate begun, submitted;
  std::atomic<int> n_slow = 0;
  slow->at_event = [&](int, int n) {
    n_slow = n;
    if (n == 5) {
      begun.open();
      submitted.wait();
    }
    return true;
  };
  int at_first = 0, at_second = 0;
  first->at_start = [&] { at_first = n_slow; };
  second->at_start = [&] { at_second = n_slow; };
  background.listener = slow;
  scheduler.submit(std::move(background));
  begun.wait();
  scheduler.submit(job(20, 3, first));
  submitted.open();
  ASSERT_TRUE(first->wait());
  scheduler.submit(job(20, 3, second));
  ASSERT_TRUE(slow->wait());
  ASSERT_TRUE(second->wait());
  EXPECT_EQ(at_first, 5);
  EXPECT_EQ(at_second, 300);  // it gives way once, and comes to its end
  EXPECT_EQ(slow->results[0].tokens, alone.tokens);
}

TEST_F(SchedulerTest, WhatWaitsForItsMemoryCanBeCancelled) {
  SchedulerOptions options;
  options.max_running = 1;
  Scheduler scheduler(engine_, options);
  const auto slow = listener(), first = listener();
  Gate begun, submitted;
  slow->at_event = [&](int, int n) {
    if (n == 5) {
      begun.open();
      submitted.wait();
    }
    return true;
  };
  Job background = job(20, 300, slow);
  background.priority = Priority::Low;
  const JobId id = scheduler.submit(std::move(background));
  begun.wait();
  bool is_told_meanwhile = false;
  first->at_event = [&](int, int n) {
    if (n == 1) scheduler.cancel(id);
    if (n == 5) is_told_meanwhile = slow->is_done();
    return true;
  };
  scheduler.submit(job(20, 50, first));
  submitted.open();
  ASSERT_TRUE(slow->wait());
  EXPECT_EQ(slow->results[0].finish, FinishReason::Cancelled);
  EXPECT_EQ(slow->results[0].tokens.size(), 5u);
  ASSERT_TRUE(first->wait());
  EXPECT_TRUE(is_told_meanwhile);
}

TEST_F(SchedulerTest, ACancelledPromptEndsWithinALayer) {
  Scheduler scheduler(engine_);
  const auto l = listener();
  std::atomic<JobId> id = 0;
  std::atomic<int> n_layers = 0, n_after = 0;
  on_layer_ = [&](int, int) {
    if (++n_layers == engine_->config().n_layers + 3) scheduler.cancel(id);  // in the second piece
    if (n_layers > engine_->config().n_layers + 3) ++n_after;
  };
  Gate submitted;
  l->at_start = [&] { submitted.wait(); };
  id = scheduler.submit(job(1000, 5, l));
  submitted.open();
  ASSERT_TRUE(l->wait());
  EXPECT_EQ(l->results[0].finish, FinishReason::Cancelled);
  EXPECT_TRUE(l->results[0].tokens.empty());
  EXPECT_EQ(n_after, 0);
  ASSERT_TRUE(scheduler.drain(10));
  on_layer_ = nullptr;
  EXPECT_EQ(scheduler.metrics().n_cancelled, 1);
}

TEST_F(SchedulerTest, ACancelledAnswerEndsWithinAStep) {
  Scheduler scheduler(engine_);
  const auto l = listener(), other = listener();
  std::atomic<JobId> id = 0;
  Gate submitted;
  l->at_start = [&] { submitted.wait(); };
  l->at_event = [&](int, int n) {
    if (n == 5) scheduler.cancel(id);
    return true;
  };
  id = scheduler.submit(job(10, 500, l));
  scheduler.submit(job(10, 40, other));
  submitted.open();
  ASSERT_TRUE(l->wait());
  EXPECT_EQ(l->results[0].finish, FinishReason::Cancelled);
  EXPECT_EQ(l->results[0].tokens.size(), 5u);
  ASSERT_TRUE(other->wait());
  EXPECT_EQ(other->results[0].tokens.size(), 40u);
}

TEST_F(SchedulerTest, AReceiverThatThrowsEndsItsOwnJobOnly) {
  Scheduler scheduler(engine_);
  const auto bad = listener(), good = listener();
  bad->at_event = [](int, int n) -> bool {
    if (n == 3) throw std::runtime_error("the connection is gone");
    return true;
  };
  scheduler.submit(job(10, 20, bad));
  scheduler.submit(job(12, 20, good));
  ASSERT_TRUE(bad->wait());
  ASSERT_TRUE(good->wait());
  EXPECT_TRUE(bad->failed_with<std::runtime_error>());
  EXPECT_EQ(good->results[0].tokens.size(), 20u);
}

// While an answer is under way, no more rows of a prompt stand between two of its steps than the gap allows.
TEST_F(SchedulerTest, ALongPromptDoesNotStallAnswers) {
  SchedulerOptions options;
  options.target_gap = 1e-9;  // as few as there can be
  options.kv_budget = engine_->plan(engine_->context()).kv_limit_bytes * 2;
  Scheduler scheduler(engine_, options);
  const auto stream = listener(), prompt = listener();
  std::atomic<bool> has_long = false;
  int between = 0, most = 0, n_pieces = 0;  // of the scheduler's thread
  on_layer_ = [&](int layer, int n_rows) {
    if (layer >= 0 || !has_long) return;
    if (n_rows == 1) {
      between = 0;
    } else {
      ++n_pieces;
      most = std::max(most, between += n_rows);
    }
  };
  stream->at_event = [&](int, int n) {
    if (n == 3) {
      scheduler.submit(job(1800, 1, prompt));
      has_long = true;
    }
    return !prompt->is_done();  // the stream lasts as long as the prompt
  };
  scheduler.submit(job(10, -1, stream));
  ASSERT_TRUE(prompt->wait());
  ASSERT_TRUE(stream->wait());
  ASSERT_TRUE(scheduler.drain(10));
  on_layer_ = nullptr;
  EXPECT_GE(n_pieces, 1800 / 128);
  EXPECT_LE(most, 128);
  EXPECT_GE(stream->results[0].tokens.size(), static_cast<size_t>(n_pieces));
}

TEST_F(SchedulerTest, StoppingTellsAll) {
  auto scheduler = std::make_unique<Scheduler>(engine_);
  std::vector<std::shared_ptr<TestListener>> all;
  for (int i = 0; i < 40; ++i) scheduler->submit(job(50, 400, all.emplace_back(listener())));
  Job vector = job(300, 0, all.emplace_back(listener()));
  vector.embed = Pooling::Mean;
  scheduler->submit(std::move(vector));
  EXPECT_FALSE(scheduler->drain(0));
  EXPECT_THROW(scheduler->submit(job(5, 1, listener())), BusyError);
  scheduler.reset();
  for (const auto& l : all) {
    EXPECT_TRUE(l->is_done());
    const bool is_told = l->failed_with<CancelledError>() || l->results.size() == 1 || !l->embedding.empty();
    EXPECT_TRUE(is_told);
  }
}

}  // namespace
}  // namespace facet::runtime
