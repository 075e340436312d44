// What a step costs beside its mathematics: rows that need not be computed, and allocations.
#include "runtime/executor.h"

#include <map>

#include "base/counted_allocations.h"
#include "base/thread_pool.h"
#include "model/config.h"
#include "runtime/backend.h"
#include "runtime/memory_plan.h"
#include "runtime/page_pool.h"
#include "runtime/sampler.h"
#include "runtime/test_models.h"

namespace facet::runtime {
namespace {

// Counts the rows that each layer runs for.
class CountingOps final : public ops::ForwardingOps {
 public:
  CountingOps(std::unique_ptr<ops::Ops> inner, std::map<int, int>& rows)
      : ForwardingOps(std::move(inner)), rows_(rows) {}

  void probe(std::string_view name, int layer, ops::ConstMat x) noexcept override {
    if (name == "out") rows_[layer] += x.n_rows;
    if (name == "final_norm") rows_[kHead] += x.n_rows;
    ForwardingOps::probe(name, layer, x);
  }

  static constexpr int kHead = 1000;

 private:
  std::map<int, int>& rows_;
};

class ExecutorTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { SKIP_WITHOUT_GOLDENS(); }
};

INSTANTIATE_TEST_SUITE_P(Families, ExecutorTest, testing::ValuesIn(families()),
                         [](const auto& info) { return info.param.substr(sizeof "tiny"); });

TEST_P(ExecutorTest, TheSharedTailRunsForWantedRowsOnly) {
  std::map<int, int> rows;
  EngineOptions options = tiny_options();
  options.prefill_chunk = 16;
  options.wrap_ops = [&](std::unique_ptr<ops::Ops> op) { return std::make_unique<CountingOps>(std::move(op), rows); };
  const auto engine = Engine::load(tiny_path(GetParam()), options);
  const model::Config& config = engine->config();
  const auto tokens = random_tokens(40, 1);
  const auto expect_rows = [&](int n_owning, int n_tail, int n_head) {
    for (int layer = 0; layer < config.n_layers; ++layer)
      EXPECT_EQ(rows[layer], config.owns_kv(layer) ? n_owning : n_tail) << "layer " << layer;
    EXPECT_EQ(rows[CountingOps::kHead], n_head);
    rows.clear();
  };

  Session session(engine);
  session.sync(tokens);
  expect_rows(40, 1, 1);
  session.append(9);
  expect_rows(1, 1, 1);
  session.sync_with_logits(tokens, 30, [](int, std::span<const float>) {});
  // The prefix up to 30 was there; the ten rows behind it are one chunk, and all are wanted.
  expect_rows(10, 10, 10);
  Session other(engine);
  other.sync_with_logits(tokens, 20, [](int, std::span<const float>) {});
  expect_rows(40, 20, 20);
}

// Nothing but a page every kPageTokens: each session passes a border of pages on the way.
TEST_P(ExecutorTest, ADecodeStepAllocatesNothing) {
  EngineOptions options = tiny_options();
  options.n_threads = 2;
  const auto engine = Engine::load(tiny_path(GetParam()), options);
  std::vector<Session> sessions;
  std::vector<Session*> rows;
  for (int i = 0; i < 3; ++i) sessions.emplace_back(engine).sync(random_tokens(20 + i, 2));
  for (Session& s : sessions) rows.push_back(&s);
  Sampler sampler({});
  std::vector<TokenId> tokens(rows.size());
  const auto step = [&] {
    for (size_t i = 0; i < rows.size(); ++i) tokens[i] = sampler.sample(rows[i]->logits(), rows[i]->tokens());
    Session::append_batch(rows, tokens);
    rows[0]->append(tokens[0]);
  };
  const PagePool& global = (*engine->page_pools())[0];
  const PagePool& local = (*engine->page_pools())[1];
  step();  // buffers grow to their sizes
  const int64_t before = n_allocations;
  for (int i = 0; i < kPageTokens + 10; ++i) {
    step();
    int n_pages = 0;
    for (const Session& s : sessions) n_pages += (s.position() + kPageTokens - 1) / kPageTokens;
    ASSERT_EQ(global.n_used(), n_pages) << "step " << i;
    ASSERT_LE(local.n_used(), n_pages) << "step " << i;
  }
  EXPECT_EQ(n_allocations - before, 0);
  for (const Session& s : sessions) EXPECT_GT(s.position(), kPageTokens);
}

// The figures of the memory plan are what is taken.
TEST_P(ExecutorTest, AnExecutorReservesWhatIsPlanned) {
  const auto engine = Engine::load(tiny_path(GetParam()), tiny_options());
  const model::Config& config = engine->config();
  for (const int max_rows : {1, 40, 512}) {
    ThreadPool threads(1);
    EngineOptions options;
    options.backend = Backend::Ref;
    auto op = make_backend(options, threads);
    const int64_t before = n_allocated_bytes;
    const Executor executor(config, engine->weights(), engine->kv_layout(), std::move(op), max_rows, max_rows);
    EXPECT_EQ(n_allocated_bytes - before,
              static_cast<int64_t>(Executor::scratch_bytes(config, max_rows) + Executor::logits_bytes(config)))
        << max_rows << " rows";
  }
}

TEST(Allocations, ASamplerTakesWhatIsPlanned) {
  SamplingParams params;
  params.presence_penalty = 1;
  constexpr size_t kVocabulary = 262144;
  std::vector<float> logits(kVocabulary);
  for (size_t i = 0; i < kVocabulary; ++i) logits[i] = static_cast<float>(i % 1000) * 1e-3f;
  const std::vector<TokenId> history = {5};
  int64_t most = 0;
  for (const int top_k : {0, 64, 262144}) {
    params.top_k = top_k;
    Sampler sampler(params);
    const int64_t before = n_allocated_bytes;
    for (int i = 0; i < 3; ++i) sampler.sample(logits, history);
    const int64_t taken = n_allocated_bytes - before;
    EXPECT_LE(taken, static_cast<int64_t>(Sampler::table_bytes(kVocabulary))) << "top-k " << top_k;
    most = std::max(most, taken);
  }
  EXPECT_EQ(most, static_cast<int64_t>(Sampler::table_bytes(kVocabulary)));
}

TEST(Allocations, AreCounted) {
  const int64_t before = n_allocations;
  const auto one = std::make_unique<int>(1);
  const std::vector<int> many(5);
  EXPECT_EQ(n_allocations - before, 2);
}

}  // namespace
}  // namespace facet::runtime
