// Text cases of a checkpoint: logits, greedy continuations and intermediates of the official implementation in f32.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "apps/verify/json_file.h"
#include "apps/verify/verify.h"
#include "model/config.h"
#include "ops/dump_ops.h"
#include "runtime/session.h"
#include "safetensors/reader.h"

namespace facet::verify {
namespace {

namespace fs = std::filesystem;
using runtime::TokenId;

constexpr double kDefaultLogitTolerance = 5e-4;  // golden tolerances are max(this, 20 x the measured noise)
constexpr double kRelativeTolerance = 1e-4;      // of intermediates, to the tensor's largest magnitude
constexpr double kClosestMargin = 0.002;         // greedy ids are compared up to the first closer call

// The checkpoint of goldens/NAME is goldens/checkpoints/NAME; a folder that is a checkpoint itself is its own.
fs::path find_checkpoint(const fs::path& folder) {
  const fs::path absolute = fs::weakly_canonical(folder);
  for (const fs::path& candidate :
       {absolute / "checkpoint", absolute, absolute.parent_path() / "checkpoints" / absolute.filename()})
    if (fs::exists(candidate / "config.json")) return candidate;
  throw_error<ResourceError>("{}: no checkpoint beside it (looked for checkpoints/{})", folder.string(),
                             absolute.filename().string());
}

double logit_tolerance(const fs::path& folder, const std::string& file) {
  const fs::path absolute = fs::weakly_canonical(folder);
  const fs::path manifest = absolute.parent_path() / "manifest.json";
  if (!fs::exists(manifest)) return kDefaultLogitTolerance;
  const Json json = read_json(manifest);
  const auto entry = json.find("tolerances");
  const std::string key = absolute.filename().string() + "/" + file;
  if (entry == json.end() || !entry->contains(key)) return kDefaultLogitTolerance;
  return (*entry)[key].value("logits_abs", kDefaultLogitTolerance);
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

double log_probability(std::span<const float> logits, TokenId token) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float x : logits) sum += std::exp(x - top);
  return logits[static_cast<size_t>(token)] - top - std::log(sum);
}

std::vector<TokenId> tokens_of(const safetensors::File& file, const char* name) {
  const auto ids = file.to_i64(name);
  return {ids.begin(), ids.end()};
}

class TextCase {
 public:
  TextCase(const std::shared_ptr<const runtime::Engine>& engine, ops::Dump& dump, const safetensors::File& golden,
           const Json& facts, double tolerance, Case& result)
      : session_(engine), dump_(dump), golden_(golden), facts_(facts), tolerance_(tolerance), result_(result) {}

  void run() {
    prompt();
    intermediates();
    greedy();
  }

 private:
  // Logits of the stored positions, and the log likelihood of the whole prompt.
  void prompt() {
    const auto ids = tokens_of(golden_, "input_ids");
    const auto logits = golden_.to_f32("logits");
    const auto positions = golden_.to_i64("logits_pos");
    const size_t n_vocab = positions.empty() ? 0 : logits.size() / positions.size();
    double worst = 0, loglik = 0;
    dump_.clear();
    session_.sync_with_logits(ids, 0, [&](int position, std::span<const float> got) {
      if (static_cast<size_t>(position) + 1 < ids.size())
        loglik += log_probability(got, ids[static_cast<size_t>(position) + 1]);
      const auto at = std::find(positions.begin(), positions.end(), position);
      if (at == positions.end()) return;
      const std::span<const float> want(logits.data() + static_cast<size_t>(at - positions.begin()) * n_vocab, n_vocab);
      result_.expect(got.size() == n_vocab, "vocabulary size differs");
      if (got.size() == n_vocab) worst = std::max(worst, largest_difference(got, want));
    });
    result_.compare("logits", worst, tolerance_);
    if (facts_.contains("loglik_sum"))
      result_.compare("log likelihood", std::fabs(loglik - facts_["loglik_sum"].get<double>()),
                      tolerance_ * static_cast<double>(std::max<size_t>(1, ids.size())));
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
    const auto margins = golden_.to_f32("greedy_margins");
    session_.sync(tokens_of(golden_, "input_ids"));
    for (size_t i = 0; i < ids.size(); ++i) {
      if (i > 0) session_.append(ids[i - 1]);
      const auto logits = session_.logits();
      const auto best = static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin());
      if (margins[i] < kClosestMargin && best != ids[i]) return;
      result_.expect(best == ids[i],
                     fmt::format("greedy token {} is {}, expected {} (margin {:.4f})", i, best, ids[i], margins[i]));
      if (best != ids[i]) return;
    }
    if (golden_.find("greedy_last_logits") != nullptr)
      result_.compare("last greedy logits", largest_difference(session_.logits(), golden_.to_f32("greedy_last_logits")),
                      tolerance_);
  }

  runtime::Session session_;
  ops::Dump& dump_;
  const safetensors::File& golden_;
  const Json& facts_;
  double tolerance_;
  Case& result_;
};

}  // namespace

void run_text_goldens(const fs::path& folder, Report& report) {
  const Json cases = read_json(folder / "text.json");
  const std::string group = fs::weakly_canonical(folder).filename().string();
  ops::Dump dump;
  std::shared_ptr<const runtime::Engine> engine;
  for (const auto& [name, facts] : cases.items()) {
    const std::string title = group + "/text/" + name;
    if (!facts.is_object() || !facts.contains("file") || !report.wants(title)) continue;
    if (engine == nullptr) {
      runtime::EngineOptions options;
      options.backend = report.options().backend;
      options.n_threads = report.options().n_threads;
      options.kv = runtime::KvPrecision::F32;
      options.wrap_ops = [&dump](std::unique_ptr<ops::Ops> op) {
        return std::make_unique<ops::DumpOps>(std::move(op), dump);
      };
      engine = runtime::Engine::load(find_checkpoint(folder).string(), options);
    }
    Case result(report, title);
    const std::string file = facts["file"].get<std::string>();
    const auto golden = safetensors::File::open((folder / file).string());
    TextCase(engine, dump, golden, facts, logit_tolerance(folder, file), result).run();
    result.finish();
  }
}

}  // namespace facet::verify
