#include "runtime/model_summary.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <numeric>

namespace facet::runtime {

ModelSummary summarize(const ModelFacts& facts) {
  const model::TensorSource& source = *facts.weights.source;
  ModelSummary out;
  out.architecture = facts.config.architecture;
  out.format = source.layout() == model::Layout::Gguf ? "gguf" : "safetensors";
  out.n_bytes = source.total_bytes();
  out.context = facts.config.context_length;
  out.n_embd = facts.config.n_embd;
  out.sees = facts.encoders.vision_config.has_value();
  out.image_budget = facts.encoders.image_budget();
  out.hears = facts.encoders.audio_config.has_value();
  std::map<std::string_view, uint64_t> bytes_of_type;
  for (const model::TensorFacts& t : source.all()) {
    out.n_parameters += std::accumulate(t.shape.begin(), t.shape.end(), uint64_t{1}, std::multiplies<>());
    bytes_of_type[t.type_name] += t.n_bytes;
  }
  const auto most = std::ranges::max_element(bytes_of_type, {}, [](const auto& entry) { return entry.second; });
  if (most != bytes_of_type.end()) out.quantization = most->first;
  std::ranges::transform(out.quantization, out.quantization.begin(), [](unsigned char c) { return std::toupper(c); });
  return out;
}

}  // namespace facet::runtime
