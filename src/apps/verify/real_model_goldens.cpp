// A real model against what llama.cpp computes from its weights in f32: greedy texts, log-probabilities, tokens and
// perplexity. The model is not among the goldens: their README names its file, scripts/fetch-model.sh brings it.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <regex>

#include "apps/model_options.h"
#include "apps/verify/json_file.h"
#include "apps/verify/verify.h"
#include "base/file.h"
#include "runtime/generate.h"
#include "runtime/perplexity.h"

namespace facet::verify {
namespace {

namespace fs = std::filesystem;
using runtime::TokenId;

constexpr double kMeanTolerance = 0.002, kLargestTolerance = 0.01;  // of top-10 log-probabilities, f32 activations
constexpr double kClosestMargin = 0.01;               // greedy tokens are compared up to the first closer call
constexpr double kPerplexityTolerance = 0.001;        // relative
constexpr double kCoarsePerplexityTolerance = 0.006;  // with activations of 8 bits: what is asked of them

// How much of each case is computed. The specification takes a good part of a second for a token of a real model, and
// proves as much with the first tokens of each case as with all of them.
struct Extent {
  size_t greedy_tokens = SIZE_MAX, positions = SIZE_MAX;
  int chunks = 0;  // 0: all
};
constexpr Extent kExtentOfRef{6, 24, 1};

// The first .gguf that the README names.
std::string model_name(const std::string& readme) {
  std::smatch match;
  const std::regex name(R"(([A-Za-z0-9._-]+\.gguf)\b)");
  return std::regex_search(readme, match, name) ? match[1].str() : "model.gguf";
}

fs::path find_model(const fs::path& folder, const std::string& name) {
  const char* assets = std::getenv("FACET_TEST_ASSETS");
  for (const fs::path& path : {folder / name, fs::path(assets == nullptr ? "build/assets" : assets) / name,
                               fs::path(apps::facet_home()) / "models" / name})
    if (fs::exists(path)) return path;
  return {};
}

std::vector<TokenId> ids(const Json& json) { return json.get<std::vector<TokenId>>(); }

std::string part_of(size_t n, size_t total, const char* what) {
  return n < total ? fmt::format("first {} of {} {}", n, total, what) : fmt::format("{} {}", total, what);
}

void check_greedy(const std::shared_ptr<const runtime::Engine>& engine, const Json& c, size_t limit, Case& result) {
  runtime::Session session(engine);
  session.sync(ids(c.at("tokens")));
  const Json& want = c.at("exact");
  const auto generated = ids(want.at("generated"));
  const auto margins = want.value("margins", std::vector<double>{});
  const size_t n = std::min(limit, generated.size());
  size_t n_equal = 0;
  while (n_equal < n && runtime::argmax(session.logits()) == generated[n_equal])
    if (++n_equal < n) session.append(generated[n_equal - 1]);
  // After a call that is too close to tell, either token may have followed.
  const auto looked_at = margins.begin() + static_cast<std::ptrdiff_t>(std::min(n_equal + 1, margins.size()));
  const bool close_call = std::any_of(margins.begin(), looked_at, [](double m) { return m < kClosestMargin; });
  result.expect(n_equal == n || close_call, fmt::format("{} of {} greedy tokens agree", n_equal, n));
  result.note(n_equal == n ? part_of(n, generated.size(), "tokens")
                           : fmt::format("{} tokens, up to a margin below {}", n_equal, kClosestMargin));
}

void check_logprobs(const std::shared_ptr<const runtime::Engine>& engine, const Json& c, size_t limit, Case& result) {
  runtime::Session session(engine);
  double worst = 0, sum = 0;
  size_t n = 0;
  auto tokens = ids(c.at("tokens"));
  const size_t n_tokens = tokens.size();
  tokens.resize(std::min(limit, n_tokens));
  session.sync_with_logits(tokens, 0, [&](int position, std::span<const float> logits) {
    for (const Json& want : c.at("exact")) {
      if (want.at("pos").get<int>() != position) continue;
      const double offset = runtime::log_normalizer(logits);
      for (size_t i = 0; i < want.at("ids").size(); ++i, ++n) {
        const double d =
            std::fabs(logits[want["ids"][i].get<size_t>()] - offset - want.at("logprobs")[i].get<double>());
        worst = std::max(worst, d);
        sum += d;
      }
    }
  });
  result.expect(n > 0, "no positions to compare");
  result.compare("largest log-probability difference", worst, kLargestTolerance);
  result.compare("mean", sum / static_cast<double>(std::max<size_t>(n, 1)), kMeanTolerance);
  result.note(part_of(tokens.size(), n_tokens, "tokens"));
}

void check_tokens(const runtime::Engine& engine, const Json& c, Case& result) {
  const bool special = c.value("parse_special", false);
  auto got = engine.tokenizer().encode(c.at("text").get<std::string>(),
                                       special ? text::Specials::Allow : text::Specials::Forbid);
  if (engine.tokenizer().bos()) got.insert(got.begin(), *engine.tokenizer().bos());
  result.expect(got == ids(c.at("tokens")), "tokens differ");
  result.note(fmt::format("{} tokens", got.size()));
}

// The running figures after each chunk that the README states for f32 weights: "licences, f32: 12.3169 12.8074 ...".
std::vector<double> stated_perplexity(const std::string& readme, const std::string& name) {
  const std::string start = name + ", f32:";
  const size_t at = readme.find(start);
  std::vector<double> out;
  if (at == std::string::npos) return out;
  std::istringstream line(readme.substr(at + start.size(), readme.find('\n', at) - at - start.size()));
  for (double x; line >> x;) out.push_back(x);
  return out;
}

void check_perplexity(const std::shared_ptr<const runtime::Engine>& engine, const fs::path& file,
                      const std::vector<double>& stated, int max_chunks, double tolerance, Case& result) {
  const auto got = runtime::perplexity(engine, read_file(file.string()), {512, max_chunks, {}});
  const auto n = static_cast<size_t>(got.n_chunks);
  result.expect(n <= stated.size() && (max_chunks > 0 || n == stated.size()),
                fmt::format("{} chunks, expected {}", n, stated.size()));
  double worst = 0;
  for (size_t i = 0; i < std::min(n, stated.size()); ++i)
    worst = std::max(worst, std::fabs(got.running[i] / stated[i] - 1));
  result.compare(fmt::format("perplexity {:.4f}, stated {:.4f}, relative difference after any chunk", got.perplexity,
                             stated[std::min(n, stated.size()) - 1]),
                 worst, tolerance);
  result.note(part_of(n, stated.size(), "chunks"));
}

}  // namespace

void run_real_model_goldens(const fs::path& folder, Report& report) {
  const std::string group = fs::weakly_canonical(folder).filename().string() + "/";
  const fs::path about = folder / "README.md";
  const std::string readme = fs::exists(about) ? read_file(about.string()) : "", name = model_name(readme);
  const fs::path model = find_model(folder, name);
  if (model.empty()) {
    if (report.wants(group)) report.skip(group + "*", name + " was not downloaded (scripts/fetch-model.sh)");
    return;
  }
  const auto engine = runtime::Engine::load(model.string(), report.options().engine_options());
  const Extent extent = report.options().backend == runtime::Backend::Ref ? kExtentOfRef : Extent{};
  const auto run_cases = [&](const char* file, const std::string& kind, auto&& check) {
    if (!fs::exists(folder / file)) return;
    for (const Json& c : read_json(folder / file))
      run_case(report, group + kind + "/" + c.at("id").get<std::string>(), [&](Case& r) { check(c, r); });
  };
  run_cases("tokenize.json", "tokenize", [&](const Json& c, Case& r) { check_tokens(*engine, c, r); });
  const bool is_coarse = report.options().is_coarse();
  run_cases("greedy.json", "greedy", [&](const Json& c, Case& r) {
    if (is_coarse) return r.skip(kTooCoarse);
    check_greedy(engine, c, extent.greedy_tokens, r);
  });
  run_cases("logprobs.json", "logprobs", [&](const Json& c, Case& r) {
    if (is_coarse) return r.skip(kTooCoarse);
    check_logprobs(engine, c, extent.positions, r);
  });
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string stem = entry.path().stem().string();
    if (!stem.starts_with("ppl_") || entry.path().extension() != ".txt") continue;
    const auto stated = stated_perplexity(readme, stem.substr(4));
    if (stated.empty()) {
      if (report.wants(group + stem)) report.skip(group + stem, "no figures for this text are stated beside it");
      continue;
    }
    const double tolerance = is_coarse ? kCoarsePerplexityTolerance : kPerplexityTolerance;
    run_case(report, group + stem,
             [&](Case& r) { check_perplexity(engine, entry.path(), stated, extent.chunks, tolerance, r); });
  }
}

}  // namespace facet::verify
