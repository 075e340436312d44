// The work that model/work.h counts, against what a backend is really asked to do.
#include "model/work.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <numeric>

#include "base/test_data.h"
#include "ops/forwarding_ops.h"
#include "runtime/session.h"

namespace facet {
namespace {

struct Counts {
  double flops = 0;
  int64_t kv_bytes = 0;
};

// Adds up every product and every key and value that attention visits.
class CountingOps final : public ops::ForwardingOps {
 public:
  CountingOps(std::unique_ptr<ops::Ops> inner, Counts& counts) : ForwardingOps(std::move(inner)), counts_(counts) {}

  void linear(ops::Mat out, ops::ConstMat x, const ops::Weight& w) noexcept override {
    count(x.n_rows, w);
    ForwardingOps::linear(out, x, w);
  }
  void linears(std::span<const ops::Projection> projections, ops::ConstMat x) noexcept override {
    for (const ops::Projection& p : projections) count(x.n_rows, *p.w);
    ForwardingOps::linears(projections, x);
  }
  void gated_linear(ops::Mat out, ops::Mat up, ops::ConstMat x, const ops::Weight& gate_w,
                    const ops::Weight& up_w) noexcept override {
    count(x.n_rows, gate_w);
    count(x.n_rows, up_w);
    ForwardingOps::gated_linear(out, up, x, gate_w, up_w);
  }
  void experts(ops::Mat out, ops::ConstMat x, const ops::Routing& routing, const ops::ExpertWeight& gate,
               const ops::ExpertWeight& up, const ops::ExpertWeight& down) noexcept override {
    for (const ops::ExpertWeight* w : {&gate, &up, &down})
      if (!w->empty()) count(routing.n_rows * routing.n_used, w->first);
    ForwardingOps::experts(out, x, routing, gate, up, down);
  }
  void attention(ops::Mat out, ops::ConstMat q, const ops::KvView& kv, const ops::AttnSpec& spec) noexcept override {
    for (const int position : spec.positions) {
      const int n_seen = spec.window > 0 ? std::min(position + 1, spec.window) : position + 1;
      counts_.kv_bytes += 2 * int64_t{n_seen} * kv.n_heads * static_cast<int64_t>(kv.row_bytes());
    }
    ForwardingOps::attention(out, q, kv, spec);
  }

 private:
  void count(int n_rows, const ops::Weight& w) { counts_.flops += 2.0 * n_rows * w.n_in * w.n_out; }

  Counts& counts_;
};

class Work : public testing::TestWithParam<const char*> {};

TEST_P(Work, IsWhatABackendIsAskedToDo) {
  const std::string folder = golden_path(std::string("checkpoints/") + GetParam());
  SKIP_WITHOUT_GOLDENS();
  Counts counts;
  runtime::EngineOptions options;
  options.context = 128;
  options.wrap_ops = [&](std::unique_ptr<ops::Ops> op) { return std::make_unique<CountingOps>(std::move(op), counts); };
  const auto engine = runtime::Engine::load(folder, options);
  std::vector<runtime::TokenId> tokens(90);
  std::iota(tokens.begin(), tokens.end(), 10);

  runtime::Session session(engine);
  session.sync(tokens);
  EXPECT_EQ(counts.flops, model::product_flops(engine->config(), engine->weights(), 90, 1));

  counts = {};
  session.append(7);
  EXPECT_EQ(counts.flops, model::product_flops(engine->config(), engine->weights(), 1, 1));
  EXPECT_EQ(counts.kv_bytes, model::kv_bytes_read(engine->config(), engine->kv_layout(), 90));
}

INSTANTIATE_TEST_SUITE_P(Models, Work, testing::Values("tiny-e2b", "tiny-12b", "tiny-26b", "tiny-gemma3"));

}  // namespace
}  // namespace facet
