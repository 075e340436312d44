// The real Gemma 3 270M against what llama.cpp computes from its weights in f32: greedy texts, log-probabilities,
// tokens and perplexity. The model is downloaded by scripts/fetch-model.sh.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <regex>

#include "apps/model_options.h"
#include "apps/verify/json_file.h"
#include "apps/verify/verify.h"
#include "runtime/generate.h"
#include "runtime/perplexity.h"

namespace facet::verify {
namespace {

namespace fs = std::filesystem;
using runtime::TokenId;

constexpr const char* kModel = "gemma-3-270m-q4_k_m.gguf";
constexpr double kMeanTolerance = 0.002, kLargestTolerance = 0.01;  // of top-10 log-probabilities, f32 activations
constexpr double kClosestMargin = 0.01;         // greedy tokens are compared up to the first closer call
constexpr double kPerplexityTolerance = 0.001;  // relative

fs::path find_real_model() {
  const char* assets = std::getenv("FACET_TEST_ASSETS");
  for (const fs::path& path : {fs::path(assets == nullptr ? "build/assets" : assets) / kModel,
                               fs::path(apps::facet_home()) / "models" / kModel})
    if (fs::exists(path)) return path;
  return {};
}

std::vector<TokenId> ids(const Json& json) { return json.get<std::vector<TokenId>>(); }

void check_greedy(const std::shared_ptr<const runtime::Engine>& engine, const Json& c, Case& result) {
  runtime::Session session(engine);
  session.sync(ids(c.at("tokens")));
  const Json& want = c.at("exact");
  const auto generated = ids(want.at("generated"));
  const auto margins = want.at("margins").get<std::vector<double>>();
  size_t n_equal = 0;
  for (; n_equal < generated.size(); ++n_equal) {
    const TokenId best = runtime::argmax(session.logits());
    if (best != generated[n_equal]) break;
    session.append(best);
  }
  const bool close_call =
      std::any_of(margins.begin(), margins.begin() + static_cast<std::ptrdiff_t>(std::min(n_equal + 1, margins.size())),
                  [](double m) { return m < kClosestMargin; });
  result.expect(n_equal == generated.size() || close_call,
                fmt::format("{} of {} greedy tokens agree", n_equal, generated.size()));
}

void check_logprobs(const std::shared_ptr<const runtime::Engine>& engine, const Json& c, Case& result) {
  runtime::Session session(engine);
  double worst = 0, sum = 0;
  size_t n = 0;
  session.sync_with_logits(ids(c.at("tokens")), 0, [&](int position, std::span<const float> logits) {
    for (const Json& want : c.at("exact")) {
      if (want.at("pos").get<int>() != position) continue;
      for (size_t i = 0; i < want.at("ids").size(); ++i, ++n) {
        const double d = std::fabs(runtime::logprobs(logits, want["ids"][i].get<TokenId>(), 0).chosen.logprob -
                                   want.at("logprobs")[i].get<double>());
        worst = std::max(worst, d);
        sum += d;
      }
    }
  });
  result.expect(n > 0, "no positions to compare");
  result.compare("largest log-probability difference", worst, kLargestTolerance);
  result.compare("mean", sum / static_cast<double>(std::max<size_t>(n, 1)), kMeanTolerance);
}

void check_tokens(const runtime::Engine& engine, const Json& c, Case& result) {
  const bool special = c.value("parse_special", false);
  auto got = engine.tokenizer().encode(c.at("text").get<std::string>(),
                                       special ? text::Specials::Allow : text::Specials::Forbid);
  if (engine.tokenizer().bos()) got.insert(got.begin(), *engine.tokenizer().bos());
  result.expect(got == ids(c.at("tokens")), "tokens differ");
}

// The figure that the folder's README states for f32 weights.
double stated_perplexity(const fs::path& folder, const std::string& text_file) {
  std::ifstream in(folder / "README.md");
  const std::regex row(R"(\|[^|]*\|\s*f32 weights[^|]*\|\s*\d+\s*\|\s*([0-9.]+))");
  bool of_this_file = false;
  for (std::string line; std::getline(in, line);) {
    if (line.find(text_file) != std::string::npos) of_this_file = true;
    std::smatch match;
    if (of_this_file && std::regex_search(line, match, row)) return std::stod(match[1]);
  }
  return 0;
}

void run_perplexity(const std::shared_ptr<const runtime::Engine>& engine, const fs::path& folder, Report& report) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string file = entry.path().filename().string();
    const std::string name = "gemma3-270m/" + entry.path().stem().string();
    if (!file.starts_with("ppl_") || entry.path().extension() != ".txt" || !report.wants(name)) continue;
    const double want = stated_perplexity(folder, file);
    if (want == 0) {
      report.skip(name, "no figure for this text is stated beside it");
      continue;
    }
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    Case result(report, name);
    const double got = runtime::perplexity(engine, text).perplexity;
    result.compare(fmt::format("perplexity {:.4f}, stated {:.4f}, relative difference", got, want),
                   std::fabs(got / want - 1), kPerplexityTolerance);
    result.finish();
  }
}

}  // namespace

void run_real_model_goldens(const fs::path& folder, Report& report) {
  const fs::path model = find_real_model();
  const std::string group = "gemma3-270m/";
  if (model.empty()) {
    if (report.wants(group))
      report.skip(group + "*", fmt::format("{} was not downloaded (scripts/fetch-model.sh)", kModel));
    return;
  }
  runtime::EngineOptions options;
  options.backend = report.options().backend;
  options.n_threads = report.options().n_threads;
  options.kv = runtime::KvPrecision::F32;
  const auto engine = runtime::Engine::load(model.string(), options);
  const auto run_cases = [&](const char* file, const std::string& kind, auto&& check) {
    if (!fs::exists(folder / file)) return;
    for (const Json& c : read_json(folder / file)) {
      const std::string name = group + kind + "/" + c.at("id").get<std::string>();
      if (!report.wants(name)) continue;
      Case result(report, name);
      check(c, result);
      result.finish();
    }
  };
  run_cases("tokenize.json", "tokenize", [&](const Json& c, Case& r) { check_tokens(*engine, c, r); });
  run_cases("greedy.json", "greedy", [&](const Json& c, Case& r) { check_greedy(engine, c, r); });
  run_cases("logprobs.json", "logprobs", [&](const Json& c, Case& r) { check_logprobs(engine, c, r); });
  run_perplexity(engine, folder, report);
}

}  // namespace facet::verify
