#include "server/dialects/ollama/models.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "server/dialects/stamps.h"

namespace facet::server {
namespace {

Json ollama_details(const ModelInfo& model) {
  return {{"parent_model", ""},
          {"format", model.format},
          {"family", model.family},
          {"families", {model.family}},
          {"parameter_size", model.parameters},
          {"quantization_level", model.quantization}};
}

Json ollama_entry(const ModelInfo& model) {
  return {{"name", model.name},       {"model", model.name},    {"modified_at", utc_time(model.modified)},
          {"size", model.size_bytes}, {"digest", model.digest}, {"details", ollama_details(model)}};
}

Json ollama_capabilities(const ModelInfo& model) {
  Json list = {"completion"};
  if (model.sees) list.push_back("vision");
  if (model.hears) list.push_back("audio");
  if (model.calls) list.push_back("tools");
  if (model.thinks) list.push_back("thinking");
  list.push_back("embedding");
  return list;
}

}  // namespace

Json ollama_tags(const std::vector<ModelInfo>& models) {
  Json list = Json::array();
  for (const ModelInfo& model : models) list.push_back(ollama_entry(model));
  return {{"models", std::move(list)}};
}

Json ollama_running(const std::vector<ModelInfo>& models) {
  constexpr double kForEver = 100.0 * 365 * 24 * 3600;
  Json list = Json::array();
  for (const ModelInfo& model : models) {
    if (!model.is_loaded) continue;
    const double rest = model.expires_in < 0 ? kForEver : std::min(model.expires_in, kForEver);
    Json entry = ollama_entry(model);
    entry["size"] = model.resident_bytes > 0 ? model.resident_bytes : model.size_bytes;
    entry["expires_at"] = utc_time(std::time(nullptr) + static_cast<int64_t>(rest));
    entry["size_vram"] = 0;
    entry["context_length"] = model.context;
    list.push_back(std::move(entry));
  }
  return {{"models", std::move(list)}};
}

Json ollama_show(const ModelInfo& model) {
  // Clients plan with this length: the one that a request may have here, not what the model was trained for.
  Json info = {{"general.architecture", model.family},
               {"general.basename", model.name},
               {"general.size_label", model.parameters},
               {"general.file_type", model.quantization},
               {model.family + ".context_length", model.context},
               {model.family + ".embedding_length", model.n_embd}};
  return {{"license", ""},
          {"modelfile", fmt::format("FROM {}\n", model.name)},
          {"parameters", fmt::format("num_ctx {}", model.context)},
          {"template", "{{/* built in: .System, .Tools and .Messages are rendered by the server */}}{{ .Prompt }}"},
          {"details", ollama_details(model)},
          {"model_info", std::move(info)},
          {"capabilities", ollama_capabilities(model)},
          {"modified_at", utc_time(model.modified)}};
}

}  // namespace facet::server
