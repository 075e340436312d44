// Text cases of a checkpoint: logits, greedy continuations and intermediates of the official implementation in f32.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "apps/verify/json_file.h"
#include "apps/verify/verify.h"
#include "model/config.h"
#include "ops/dump_ops.h"
#include "runtime/logprobs.h"
#include "runtime/sampler.h"
#include "runtime/session.h"
#include "safetensors/reader.h"

namespace facet::verify {
namespace {

namespace fs = std::filesystem;
using runtime::TokenId;

constexpr double kDefaultLogitTolerance = 5e-4;  // golden tolerances are max(this, 20 x the measured noise)
constexpr double kRelativeTolerance = 1e-4;      // of intermediates, to the tensor's largest magnitude
constexpr double kDefaultClosestMargin = 0.002;  // greedy ids are compared up to the first closer call

// The checkpoint of goldens/NAME is goldens/checkpoints/NAME; a folder that is a checkpoint itself is its own.
fs::path find_checkpoint(const fs::path& folder) {
  const fs::path absolute = fs::weakly_canonical(folder);
  std::vector<fs::path> candidates = {absolute / "checkpoint", absolute};
  for (fs::path above = absolute.parent_path(); above.has_relative_path(); above = above.parent_path())
    candidates.push_back(above / "checkpoints" / absolute.filename());
  for (const fs::path& candidate : candidates)
    if (fs::exists(candidate / "config.json")) return candidate;
  throw_error<ResourceError>("{}: no checkpoint beside it (looked for checkpoints/{})", folder.string(),
                             absolute.filename().string());
}

struct Tolerances {
  double logits = kDefaultLogitTolerance;
  double closest_margin = kDefaultClosestMargin;
};

// What manifest.json, if there is one, says of a file.
Tolerances read_tolerances(const fs::path& folder, const std::string& file) {
  const fs::path absolute = fs::weakly_canonical(folder);
  Tolerances t;
  for (const auto& [manifest, key] :
       {std::pair(absolute / "manifest.json", file),
        std::pair(absolute.parent_path() / "manifest.json", absolute.filename().string() + "/" + file)}) {
    if (!fs::exists(manifest)) continue;
    const Json json = read_json(manifest);
    const auto all = json.find("tolerances");
    if (all == json.end() || !all->is_object() || !all->contains(key)) continue;
    t.logits = (*all)[key].value("logits_abs", t.logits);
    t.closest_margin = (*all)[key].value("greedy_check_until_margin_below", t.closest_margin);
    return t;
  }
  return t;
}

double largest_difference(std::span<const float> a, std::span<const float> b) {
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double d = std::fabs(double{a[i]} - b[i]);
    if (!(d <= worst)) worst = d;  // NaN counts as worst
  }
  return worst;
}

double largest_magnitude(std::span<const float> a) {
  double top = 0;
  for (const float x : a) top = std::max(top, std::fabs(double{x}));
  return top;
}

std::vector<TokenId> tokens_of(const safetensors::File& file, const char* name) {
  const auto ids = file.to_i64(name);
  return {ids.begin(), ids.end()};
}

class TextCase {
 public:
  TextCase(const std::shared_ptr<const runtime::Engine>& engine, ops::Dump& dump, const safetensors::File& golden,
           const Json& facts, const Tolerances& tolerances, Case& result)
      : session_(engine), dump_(dump), golden_(golden), facts_(facts), tolerances_(tolerances), result_(result) {}

  void run() {
    prompt();
    intermediates();
    greedy();
  }

 private:
  // Logits of the stored positions, and the log likelihood of the whole prompt.
  void prompt() {
    const auto ids = tokens_of(golden_, "input_ids");
    const bool has_logits = golden_.find("logits") != nullptr;
    const auto logits = has_logits ? golden_.to_f32("logits") : std::vector<float>{};
    const auto positions = has_logits ? positions_of(ids.size()) : std::vector<int64_t>{};
    const size_t n_vocab = positions.empty() ? 0 : logits.size() / positions.size();
    double worst = 0, loglik = 0;
    dump_.clear();
    session_.sync_with_logits(ids, 0, [&](int position, std::span<const float> got) {
      if (static_cast<size_t>(position) + 1 < ids.size())
        loglik += got[static_cast<size_t>(ids[static_cast<size_t>(position) + 1])] - runtime::log_normalizer(got);
      const auto at = std::find(positions.begin(), positions.end(), position);
      if (at == positions.end()) return;
      const std::span<const float> want(logits.data() + static_cast<size_t>(at - positions.begin()) * n_vocab, n_vocab);
      result_.expect(got.size() == n_vocab, "vocabulary size differs");
      if (got.size() == n_vocab) worst = std::max(worst, largest_difference(got, want));
    });
    if (has_logits) result_.compare("logits", worst, tolerances_.logits);
    if (facts_.contains("loglik_sum"))
      result_.compare("log likelihood", std::fabs(loglik - facts_["loglik_sum"].get<double>()),
                      tolerances_.logits * static_cast<double>(std::max<size_t>(1, ids.size())));
  }

  // Which positions the logits belong to; all of them when it is not said.
  std::vector<int64_t> positions_of(size_t n_tokens) const {
    if (golden_.find("logits_pos") != nullptr) return golden_.to_i64("logits_pos");
    std::vector<int64_t> all(n_tokens);
    std::iota(all.begin(), all.end(), 0);
    return all;
  }

  void intermediates() {
    for (const safetensors::Tensor& tensor : golden_.tensors()) {
      const std::string& name = tensor.name;
      if (name != "embed" && name != "per_layer_inputs" && name != "final_norm" && !name.starts_with("layer."))
        continue;
      const auto it = dump_.find(name);
      if (it == dump_.end()) {
        result_.expect(false, name + " was not computed");
        continue;
      }
      if (name.ends_with("router_index")) {
        compare_index(name, it->second);
        continue;
      }
      const auto want = golden_.to_f32(name);
      result_.expect(want.size() == it->second.values.size(), name + " has another size");
      if (want.size() != it->second.values.size()) continue;
      result_.compare(name, largest_difference(it->second.values, want), kRelativeTolerance * largest_magnitude(want));
    }
  }

  void compare_index(const std::string& name, const ops::DumpedTensor& got) {
    const auto want = golden_.to_i64(name);
    bool equal = want.size() == got.values.size();
    for (size_t i = 0; equal && i < want.size(); ++i) equal = want[i] == static_cast<int64_t>(got.values[i]);
    result_.expect(equal, name + " differs");
  }

  // Continues through the cache, and must choose the same tokens up to the first close call.
  void greedy() {
    if (golden_.find("greedy_ids") == nullptr) return;
    const auto ids = tokens_of(golden_, "greedy_ids");
    auto margins = golden_.find("greedy_margins") != nullptr ? golden_.to_f32("greedy_margins") : std::vector<float>{};
    margins.resize(ids.size(), std::numeric_limits<float>::infinity());
    session_.sync(tokens_of(golden_, "input_ids"));
    for (size_t i = 0; i < ids.size(); ++i) {
      if (i > 0) session_.append(ids[i - 1]);
      const TokenId best = runtime::argmax(session_.logits());
      if (margins[i] < tolerances_.closest_margin && best != ids[i]) return;
      result_.expect(best == ids[i],
                     fmt::format("greedy token {} is {}, expected {} (margin {:.4f})", i, best, ids[i], margins[i]));
      if (best != ids[i]) return;
    }
    if (golden_.find("greedy_last_logits") != nullptr)
      result_.compare("last greedy logits", largest_difference(session_.logits(), golden_.to_f32("greedy_last_logits")),
                      tolerances_.logits);
  }

  runtime::Session session_;
  ops::Dump& dump_;
  const safetensors::File& golden_;
  const Json& facts_;
  Tolerances tolerances_;
  Case& result_;
};

std::shared_ptr<const runtime::Engine> load_dumping(const fs::path& folder, const Options& options, ops::Dump& dump) {
  runtime::EngineOptions o = options.engine_options();
  o.wrap_ops = [&dump](std::unique_ptr<ops::Ops> op) { return std::make_unique<ops::DumpOps>(std::move(op), dump); };
  return runtime::Engine::load(find_checkpoint(folder).string(), o);
}

}  // namespace

void run_text_goldens(const fs::path& folder, Report& report) {
  const Json cases = read_json(folder / "text.json");
  const std::string group = fs::weakly_canonical(folder).filename().string();
  ops::Dump dump;
  std::shared_ptr<const runtime::Engine> engine;
  for (const auto& item : cases.items()) {
    const std::string& name = item.key();
    const Json& facts = item.value();
    if (!facts.is_object()) continue;
    const std::string file = facts.value("file", "text_" + name + ".safetensors");
    if (!fs::exists(folder / file) && !facts.contains("file")) continue;
    run_case(report, group + "/text/" + name, [&](Case& result) {
      if (engine == nullptr) engine = load_dumping(folder, report.options(), dump);
      const auto golden = safetensors::File::open((folder / file).string());
      TextCase(engine, dump, golden, facts, read_tolerances(folder, file), result).run();
    });
  }
}

}  // namespace facet::verify
