// GGUF files as the community's converter writes them, against what their weights mean: top log-probabilities at every
// position and greedy continuations, in f32.
#include <algorithm>
#include <cmath>

#include "apps/verify/json_file.h"
#include "apps/verify/verify.h"
#include "model/config.h"
#include "model/weights.h"
#include "ops/forwarding_ops.h"
#include "runtime/generate.h"

namespace facet::verify {
namespace {

namespace fs = std::filesystem;
using runtime::TokenId;

constexpr double kExactTolerance = 1e-4;    // of f32 arithmetic, as the files state
constexpr double kRoundedTolerance = 0.01;  // of rounded activations: what is asked of a real model's log-probabilities
constexpr double kPrinted = 1e-5;           // values are stored with five digits

double tolerance(const Report& report) {
  return report.options().activations == runtime::Activations::F32 ? kExactTolerance : kRoundedTolerance;
}

// The recorded results come from files decoded to f32, but the tool that decoded them leaves per_layer_model_proj as it
// is; where that is a quantised tensor, the reference multiplied it with activations rounded to int8 by blocks of 32.
// This does the same, and nothing else.
class RoundedProjection final : public ops::ForwardingOps {
 public:
  RoundedProjection(std::unique_ptr<ops::Ops> inner, ops::Weight* w) : ForwardingOps(std::move(inner)), w_(w) {}

  void linear(ops::Mat out, ops::ConstMat x, const ops::Weight& w) noexcept override {
    if (w_->empty() || w.data < w_->data || w.data >= w_->data + w_->n_bytes()) return ForwardingOps::linear(out, x, w);
    constexpr auto kType = quant::BlockType::Q8_0;
    const auto n = static_cast<size_t>(x.n_cols);
    std::vector<std::byte> blocks(quant::row_bytes(kType, n));
    std::vector<float> rounded(n * static_cast<size_t>(x.n_rows));
    for (int r = 0; r < x.n_rows; ++r) {
      quant::encode_row(kType, x.row(r), blocks.data(), n);
      quant::decode_row(kType, blocks.data(), rounded.data() + static_cast<size_t>(r) * n, n);
    }
    ForwardingOps::linear(out, {rounded.data(), x.n_rows, x.n_cols}, w);
  }

 private:
  ops::Weight* w_;  // empty: nothing is rounded
};

bool is_rounded(const ops::Weight& w) {
  using enum quant::BlockType;
  return !w.empty() && (w.type == Q8_0 || w.type == Q4_0 || w.type == Q5_0);
}

void check_positions(runtime::Session& session, const Json& facts, double tolerance, Case& result) {
  const auto tokens = facts.at("tokens").get<std::vector<TokenId>>();
  double worst = 0, worst_top = 0;
  session.sync_with_logits(tokens, 0, [&](int position, std::span<const float> logits) {
    if (static_cast<size_t>(position) >= facts.at("positions").size()) return;
    const Json& want = facts["positions"][static_cast<size_t>(position)];
    const double offset = runtime::log_normalizer(logits);
    for (size_t i = 0; i < want.at("ids").size(); ++i) {
      const double got = logits[want["ids"][i].get<size_t>()] - offset;
      worst = std::max(worst, std::fabs(got - want.at("logprobs")[i].get<double>()));
    }
    if (want.contains("top_logit"))
      worst_top = std::max(worst_top, std::fabs(double{*std::max_element(logits.begin(), logits.end())} -
                                                want["top_logit"].get<double>()));
  });
  result.compare("log-probabilities", worst, tolerance + kPrinted);
  result.compare("top logit", worst_top, tolerance + kPrinted);
}

void check_greedy(runtime::Session& session, const Json& facts, double tolerance, Case& result) {
  if (!facts.contains("greedy")) return;
  const auto want = facts["greedy"].get<std::vector<TokenId>>();
  const auto margins = facts.value("greedy_margins", std::vector<double>{});
  session.sync(facts.at("tokens").get<std::vector<TokenId>>());
  for (size_t i = 0; i < want.size(); ++i) {
    const TokenId best = runtime::argmax(session.logits());
    if (best != want[i] && i < margins.size() && margins[i] < tolerance) return;
    result.expect(best == want[i], fmt::format("greedy token {} is {}, expected {}", i, best, want[i]));
    if (best != want[i]) return;
    session.append(best);
  }
}

std::shared_ptr<const runtime::Engine> load_rounding(const fs::path& file, const Options& options,
                                                     ops::Weight& projection) {
  runtime::EngineOptions o = options.engine_options();
  o.wrap_ops = [&](std::unique_ptr<ops::Ops> op) {
    return std::make_unique<RoundedProjection>(std::move(op), &projection);
  };
  auto engine = runtime::Engine::load(file.string(), o);
  if (is_rounded(engine->weights().per_layer_model_proj)) projection = engine->weights().per_layer_model_proj;
  return engine;
}

}  // namespace

void run_gguf_goldens(const fs::path& folder, Report& report) {
  const Json all = read_json(folder / "logits.json");
  const std::string group = fs::weakly_canonical(folder).parent_path().filename().string() + "/gguf/";
  for (const auto& file : all.items()) {
    std::shared_ptr<const runtime::Engine> engine;
    ops::Weight projection;
    for (const auto& facts : file.value().items())
      run_case(report, group + file.key() + "/" + facts.key(), [&](Case& result) {
        if (report.options().is_coarse()) return result.skip(kTooCoarse);
        if (engine == nullptr) engine = load_rounding(folder / file.key(), report.options(), projection);
        if (report.options().activations != runtime::Activations::F32 && engine->config().n_experts > 0)
          return result.skip("rounding may choose another expert where two are as good as equal");
        runtime::Session session(engine);
        check_positions(session, facts.value(), tolerance(report), result);
        check_greedy(session, facts.value(), tolerance(report), result);
      });
  }
}

}  // namespace facet::verify
