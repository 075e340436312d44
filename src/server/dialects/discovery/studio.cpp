// LM Studio's lists of models: of its first interface (v0) and of its second (v1).
#include "server/dialects/discovery/discovery.h"

namespace facet::server {
namespace {

constexpr const char* kPublisher = "google";

}  // namespace

Json studio_model(const ModelInfo& model) {
  Json entry = {{"id", model.name},
                {"object", "model"},
                {"type", model.sees ? "vlm" : "llm"},
                {"publisher", kPublisher},
                {"arch", model.family},
                {"compatibility_type", model.format},
                {"quantization", model.quantization},
                {"state", model.is_loaded ? "loaded" : "not-loaded"},
                {"max_context_length", model.context}};
  if (model.is_loaded) entry["loaded_context_length"] = model.context;
  entry["capabilities"] = Json::array();
  if (model.calls) entry["capabilities"].push_back("tool_use");
  return entry;
}

Json studio_models(const std::vector<ModelInfo>& models) {
  Json list = Json::array();
  for (const ModelInfo& model : models) list.push_back(studio_model(model));
  return {{"object", "list"}, {"data", std::move(list)}};
}

Json studio_model_keys(const std::vector<ModelInfo>& models) {
  Json list = Json::array();
  for (const ModelInfo& model : models) {
    Json loaded = Json::array();
    if (model.is_loaded) loaded.push_back({{"id", model.name}, {"config", {{"context_length", model.context}}}});
    list.push_back({{"type", "llm"},
                    {"publisher", kPublisher},
                    {"key", model.name},
                    {"display_name", model.name},
                    {"architecture", model.family},
                    {"quantization", {{"name", model.quantization}}},
                    {"size_bytes", model.size_bytes},
                    {"params_string", model.parameters},
                    {"loaded_instances", std::move(loaded)},
                    {"max_context_length", model.context},
                    {"format", model.format},
                    {"capabilities", {{"vision", model.sees}, {"trained_for_tool_use", model.calls}}}});
  }
  return {{"models", std::move(list)}};
}

}  // namespace facet::server
