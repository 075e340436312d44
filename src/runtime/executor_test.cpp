// What a step costs beside its mathematics: rows that need not be computed, and allocations.
#include "runtime/executor.h"

#include <atomic>
#include <cstdlib>
#include <map>
#include <new>

#include "model/config.h"
#include "runtime/sampler.h"
#include "runtime/test_models.h"

namespace {

std::atomic<int64_t> n_allocations{0};

void* counted(size_t n) {
  ++n_allocations;
  if (void* p = std::malloc(n > 0 ? n : 1)) return p;
  throw std::bad_alloc();
}

}  // namespace

// Every allocation of the test program is counted; operator new[] comes here too.
void* operator new(size_t n) { return counted(n); }
void* operator new(size_t n, const std::nothrow_t&) noexcept {
  ++n_allocations;
  return std::malloc(n > 0 ? n : 1);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }

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
  void SetUp() override { SKIP_WITHOUT_CHECKPOINTS(); }
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
  // The prefix up to 30 was there. The second chunk's rows are all wanted, and so are the first's.
  expect_rows(10, 10, 10);
  Session other(engine);
  other.sync_with_logits(tokens, 20, [](int, std::span<const float>) {});
  expect_rows(40, 20, 20);
}

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
  step();  // buffers grow to their sizes
  const int64_t before = n_allocations;
  for (int i = 0; i < 15; ++i) step();
  EXPECT_EQ(n_allocations - before, 0);
}

TEST(Allocations, AreCounted) {
  const int64_t before = n_allocations;
  const auto one = std::make_unique<int>(1);
  const std::vector<int> many(5);
  EXPECT_EQ(n_allocations - before, 2);
}

}  // namespace
}  // namespace facet::runtime
