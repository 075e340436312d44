// States after the final norm, and embeddings made of them.
#include "model/config.h"
#include "runtime/scheduler.h"
#include "runtime/test_listener.h"
#include "runtime/test_models.h"

namespace facet::runtime {
namespace {

using States = std::vector<std::vector<float>>;

// Keeps what the final norm gives.
class FinalNormOps final : public ops::ForwardingOps {
 public:
  FinalNormOps(std::unique_ptr<ops::Ops> inner, States& states) : ForwardingOps(std::move(inner)), states_(states) {}

  void probe(std::string_view name, int layer, ops::ConstMat x) noexcept override {
    if (name == "final_norm")
      for (int r = 0; r < x.n_rows; ++r) states_.emplace_back(x.row(r), x.row(r) + x.n_cols);
    ForwardingOps::probe(name, layer, x);
  }

 private:
  States& states_;
};

class HiddenStates : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { SKIP_WITHOUT_GOLDENS(); }

  static States states_of(const std::shared_ptr<const Engine>& engine, std::span<const TokenId> tokens, int first) {
    Session session(engine);
    States states;
    session.sync_with_hidden_states(tokens, first, [&](int position, std::span<const float> state) {
      EXPECT_EQ(static_cast<size_t>(position), static_cast<size_t>(first) + states.size());
      states.push_back(copy(state));
    });
    EXPECT_TRUE(session.logits().empty());
    EXPECT_EQ(session.position(), static_cast<int>(tokens.size()));
    return states;
  }
  static EngineOptions options(Backend backend) {
    EngineOptions options = tiny_options(backend);
    options.prefill_chunk = 32;
    options.activations = Activations::F32;
    return options;
  }
};

INSTANTIATE_TEST_SUITE_P(Families, HiddenStates, testing::ValuesIn(families()),
                         [](const auto& info) { return info.param.substr(sizeof "tiny"); });

TEST_P(HiddenStates, AreTheReferencesFinalNorm) {
  const auto tokens = random_tokens(70, 3);
  States expected;
  EngineOptions reference = options(Backend::Ref);
  reference.wrap_ops = [&](std::unique_ptr<ops::Ops> op) {
    return std::make_unique<FinalNormOps>(std::move(op), expected);
  };
  all_logits(Engine::load(tiny_path(GetParam()), reference), tokens);
  ASSERT_EQ(expected.size(), 70u);
  const States exact = states_of(Engine::load(tiny_path(GetParam()), options(Backend::Ref)), tokens, 0);
  EXPECT_EQ(exact, expected);
  const States fast = states_of(Engine::load(tiny_path(GetParam()), options(Backend::Cpu)), tokens, 40);
  ASSERT_EQ(fast.size(), 30u);
  for (size_t i = 0; i < fast.size(); ++i) EXPECT_LT(largest_difference(fast[i], expected[40 + i]), 2e-3);
}

TEST_P(HiddenStates, EmbeddingsAreTheirMeanOrTheLast) {
  const auto engine = Engine::load(tiny_path(GetParam()), options(Backend::Cpu));
  Scheduler scheduler(engine);
  std::vector<std::shared_ptr<TestListener>> listeners;
  std::vector<Job> jobs;
  for (int i = 0; i < 6; ++i) {
    Job& job = jobs.emplace_back();
    job.tokens = random_tokens(i == 0 ? 5 : 15 + 20 * i, static_cast<uint32_t>(i));
    job.embed = i % 2 == 0 ? Pooling::Mean : Pooling::Last;
    job.listener = listeners.emplace_back(std::make_shared<TestListener>());
    scheduler.submit(job);
  }
  for (size_t i = 0; i < jobs.size(); ++i) {
    ASSERT_TRUE(listeners[i]->wait());
    ASSERT_FALSE(listeners[i]->error);
    const auto n = static_cast<int>(jobs[i].tokens.size());
    const States states = states_of(engine, jobs[i].tokens, jobs[i].embed == Pooling::Mean ? 0 : n - 1);
    ASSERT_EQ(listeners[i]->embedding.size(), static_cast<size_t>(engine->config().n_embd));
    for (size_t c = 0; c < listeners[i]->embedding.size(); ++c) {
      double sum = 0;
      for (const auto& state : states) sum += double{state[c]};
      ASSERT_EQ(listeners[i]->embedding[c], static_cast<float>(sum / static_cast<double>(states.size())));
    }
  }
}

}  // namespace
}  // namespace facet::runtime
