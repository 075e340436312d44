// Random schedules: whatever runs beside it, each job gets the very tokens that a lone fresh session gives.
#include "constraint/grammar/gbnf.h"
#include "model/config.h"
#include "runtime/page_pool.h"
#include "runtime/running_job.h"
#include "runtime/scheduler.h"
#include "runtime/test_listener.h"
#include "runtime/test_models.h"

namespace facet::runtime {
namespace {

OutputRules some_rules() {
  constraint::Grammar grammar;
  constraint::parse_gbnf(grammar, R"(root ::= "{\"first name\":\"" [a-z]{1,5} "\",\"age\":" [1-9] [0-9]? "}")");
  return {.grammar = std::make_shared<constraint::CompiledGrammar>(std::move(grammar)), .is_chat = false};
}

struct Planned {
  Job job;
  int cancel_after = -1;  // events of the first choice
  std::vector<GenerateResult> alone;
};

class RandomSchedules : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    SKIP_WITHOUT_GOLDENS();
    EngineOptions options = tiny_options();
    options.n_threads = 2;
    options.prefill_chunk = 64;
    engine_ = Engine::load(tiny_path(GetParam()), options);
    has_grammar_ = engine_->tokenizer().find("<turn|>").has_value();
  }

  int any(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }

  std::shared_ptr<const Embedding> noise(int n_rows) {
    auto e = std::make_shared<Embedding>();
    e->key = {random_(), 7};
    e->n_rows = n_rows;
    e->n_cols = engine_->config().n_embd;
    e->is_bidirectional = engine_->config().bidirectional_media;
    for (int i = 0; i < n_rows * e->n_cols; ++i) e->values.push_back(std::normal_distribution<float>()(random_));
    return e;
  }

  Planned plan() {
    Planned p;
    const int n = any(0, 3) == 0 ? any(1, 12) : any(13, 170);
    p.job.tokens = random_tokens(n, static_cast<uint32_t>(random_()));
    if (n > 60 && any(0, 2) == 0) p.job.media = {{any(0, 9), noise(20)}, {any(30, 35), noise(9)}};
    p.job.options = default_options(*engine_);
    p.job.options.sampling.seed = random_();
    p.job.options.sampling.temperature = any(0, 1) == 0 ? 0.0f : 0.9f;
    p.job.options.max_tokens = any(0, 70);
    p.job.options.draft = any(0, 2) == 0 ? Draft::Off : Draft::Lookup;
    p.job.options.draft_tokens = any(0, 1) == 0 ? -1 : 4;
    if (has_grammar_ && any(0, 3) == 0) p.job.options.rules = some_rules();
    p.job.n_choices = any(0, 2) == 0 ? any(2, 3) : 1;
    if (any(0, 4) == 0) p.cancel_after = any(1, 20);
    p.job.client = std::string(1, static_cast<char>('a' + any(0, 2)));
    p.job.priority = static_cast<Priority>(any(0, 2));
    for (int i = 0; i < p.job.n_choices; ++i) {
      GenerateOptions options = p.job.options;
      options.sampling.seed += static_cast<uint64_t>(i);
      Session session(engine_);
      p.alone.push_back(generate(session, {p.job.tokens, p.job.media}, options));
    }
    return p;
  }

  static void expect_as_alone(const Planned& p, TestListener& got, const std::string& what) {
    ASSERT_TRUE(got.wait()) << what;
    ASSERT_FALSE(got.error) << what;
    for (int i = 0; i < p.job.n_choices; ++i) {
      const GenerateResult &result = got.results[i], &alone = p.alone[static_cast<size_t>(i)];
      EXPECT_EQ(got.texts[i], result.text) << what;
      if (result.finish == FinishReason::Cancelled) {
        EXPECT_GE(p.cancel_after, 0) << what;
        ASSERT_LE(result.tokens.size(), alone.tokens.size()) << what;
        EXPECT_TRUE(std::equal(result.tokens.begin(), result.tokens.end(), alone.tokens.begin())) << what;
      } else {
        EXPECT_EQ(result.tokens, alone.tokens) << what << ", choice " << i;
        EXPECT_EQ(result.text, alone.text) << what;
        EXPECT_EQ(result.finish, alone.finish) << what;
        EXPECT_EQ(result.stop_token, alone.stop_token) << what;
      }
    }
  }

  std::shared_ptr<const Engine> engine_;
  std::mt19937 random_{11};
  bool has_grammar_ = false;
};

INSTANTIATE_TEST_SUITE_P(Families, RandomSchedules, testing::ValuesIn(families()),
                         [](const auto& info) { return info.param.substr(sizeof "tiny"); });

TEST_P(RandomSchedules, GiveWhatLoneSessionsGive) {
  std::vector<Planned> planned;
  for (int i = 0; i < 16; ++i) planned.push_back(plan());
  struct Way {
    double target_gap = 0.12;
    bool is_tight = false;  // no more memory than the largest job takes
    bool has_cache = false;
  };
  int64_t most_bytes = 0;
  for (const Planned& p : planned) most_bytes = std::max(most_bytes, most_job_bytes(*engine_, p.job));
  for (const Way& way :
       {Way{}, Way{.target_gap = 1e-6}, Way{.is_tight = true}, Way{.is_tight = true, .has_cache = true}}) {
    SchedulerOptions options;
    options.target_gap = way.target_gap;
    options.max_running = 9;
    options.kv_budget = engine_->plan(engine_->context()).kv_limit_bytes * 8;
    if (way.is_tight) options.headroom = 2;
    if (way.is_tight) options.kv_budget = most_bytes;
    if (way.has_cache) options.cache = cache_in_memory(engine_);
    Scheduler scheduler(engine_, options);
    std::vector<std::shared_ptr<TestListener>> listeners;
    std::vector<std::atomic<JobId>> ids(planned.size());
    for (size_t i = 0; i < planned.size(); ++i) {
      const auto& l = listeners.emplace_back(std::make_shared<TestListener>(planned[i].job.n_choices));
      l->at_event = [&, i, when = planned[i].cancel_after](int, int n_events) {
        if (n_events == when) scheduler.cancel(ids[i]);
        return true;
      };
      Job job = planned[i].job;
      job.listener = l;
      ids[i] = scheduler.submit(std::move(job));
    }
    for (size_t i = 0; i < planned.size(); ++i)
      expect_as_alone(planned[i], *listeners[i],
                      fmt::format("job {}, gap {}{}{}", i, way.target_gap, way.is_tight ? ", tight" : "",
                                  way.has_cache ? ", cache" : ""));
    EXPECT_TRUE(scheduler.drain(10));
    const SchedulerMetrics m = scheduler.metrics();
    EXPECT_EQ(m.n_finished + m.n_cancelled, 16);
    EXPECT_EQ(m.n_running, 0);
    EXPECT_EQ(m.kv_reserved_bytes, 0);
    EXPECT_GT(m.n_decode_rows, 2 * m.n_decode_steps);  // answers were computed together
  }
  for (const PagePool& pool : *engine_->page_pools()) EXPECT_EQ(pool.n_used(), 0);
}

}  // namespace
}  // namespace facet::runtime
