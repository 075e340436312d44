#include "apps/verify/prompt_case.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "model/config.h"
#include "runtime/logprobs.h"
#include "runtime/sampler.h"

namespace facet::verify {

namespace fs = std::filesystem;
using runtime::TokenId;

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

std::vector<TokenId> tokens_of(const safetensors::File& file, const char* name) {
  const auto ids = file.to_i64(name);
  return {ids.begin(), ids.end()};
}

void PromptCase::run(std::vector<runtime::MediaSpan> media) {
  media_ = std::move(media);
  prompt();
  intermediates();
  greedy();
}

// Logits of the stored positions, and the log likelihood of the whole prompt.
void PromptCase::prompt() {
  const auto ids = tokens_of(golden_.file, "input_ids");
  const bool has_logits = golden_.file.find("logits") != nullptr;
  const auto logits = has_logits ? golden_.file.to_f32("logits") : std::vector<float>{};
  const auto positions = has_logits ? positions_of(ids.size()) : std::vector<int64_t>{};
  const size_t n_vocab = positions.empty() ? 0 : logits.size() / positions.size();
  double worst = 0, loglik = 0;
  dump_.clear();
  session_.sync_with_logits({ids, media_}, 0, [&](int position, std::span<const float> got) {
    if (static_cast<size_t>(position) + 1 < ids.size())
      loglik += got[static_cast<size_t>(ids[static_cast<size_t>(position) + 1])] - runtime::log_normalizer(got);
    const auto at = std::find(positions.begin(), positions.end(), position);
    if (at == positions.end()) return;
    const std::span<const float> want(logits.data() + static_cast<size_t>(at - positions.begin()) * n_vocab, n_vocab);
    result_.expect(got.size() == n_vocab, "vocabulary size differs");
    if (got.size() == n_vocab) worst = std::max(worst, largest_difference(got, want));
  });
  if (has_logits) result_.compare("logits", worst, golden_.tolerances.logits);
  if (golden_.facts.contains("loglik_sum"))
    result_.compare("log likelihood", std::fabs(loglik - golden_.facts["loglik_sum"].get<double>()),
                    golden_.tolerances.logits * static_cast<double>(std::max<size_t>(1, ids.size())));
}

// Which positions the logits belong to; all of them when it is not said.
std::vector<int64_t> PromptCase::positions_of(size_t n_tokens) const {
  if (golden_.file.find("logits_pos") != nullptr) return golden_.file.to_i64("logits_pos");
  std::vector<int64_t> all(n_tokens);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

void PromptCase::intermediates() {
  for (const safetensors::Tensor& tensor : golden_.file.tensors()) {
    const std::string& name = tensor.name;
    if (name != "embed" && name != "per_layer_inputs" && name != "final_norm" && !name.starts_with("layer.")) continue;
    const auto it = dump_.find(name);
    if (it == dump_.end()) {
      result_.expect(false, name + " was not computed");
      continue;
    }
    if (name.ends_with("router_index")) {
      compare_index(name, it->second);
      continue;
    }
    const auto want = golden_.file.to_f32(name);
    result_.expect(want.size() == it->second.values.size(), name + " has another size");
    if (want.size() != it->second.values.size()) continue;
    result_.compare(name, largest_difference(it->second.values, want), kRelativeTolerance * largest_magnitude(want));
  }
}

void PromptCase::compare_index(const std::string& name, const ops::DumpedTensor& got) {
  const auto want = golden_.file.to_i64(name);
  bool equal = want.size() == got.values.size();
  for (size_t i = 0; equal && i < want.size(); ++i) equal = want[i] == static_cast<int64_t>(got.values[i]);
  result_.expect(equal, name + " differs");
}

// Continues through the cache, and must choose the same tokens up to the first close call.
void PromptCase::greedy() {
  if (golden_.file.find("greedy_ids") == nullptr) return;
  const auto ids = tokens_of(golden_.file, "greedy_ids");
  auto margins =
      golden_.file.find("greedy_margins") != nullptr ? golden_.file.to_f32("greedy_margins") : std::vector<float>{};
  margins.resize(ids.size(), std::numeric_limits<float>::infinity());
  session_.sync({tokens_of(golden_.file, "input_ids"), media_});
  for (size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) session_.append(ids[i - 1]);
    const TokenId best = runtime::argmax(session_.logits());
    if (margins[i] < golden_.tolerances.closest_margin && best != ids[i]) return;
    result_.expect(best == ids[i],
                   fmt::format("greedy token {} is {}, expected {} (margin {:.4f})", i, best, ids[i], margins[i]));
    if (best != ids[i]) return;
  }
  if (golden_.file.find("greedy_last_logits") != nullptr)
    result_.compare("last greedy logits",
                    largest_difference(session_.logits(), golden_.file.to_f32("greedy_last_logits")),
                    golden_.tolerances.logits);
}

std::shared_ptr<const runtime::Engine> load_dumping(const std::string& path, const Options& options, ops::Dump& dump) {
  runtime::EngineOptions o = options.engine_options();
  o.wrap_ops = [&dump](std::unique_ptr<ops::Ops> op) { return std::make_unique<ops::DumpOps>(std::move(op), dump); };
  return runtime::Engine::load(path, o);
}

}  // namespace facet::verify
