// /page/models: which models there are, what they take of this machine's memory, and which are in it.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "server/json_reading.h"
#include "server/key_models.h"
#include "server/page/handlers.h"
#include "server/service.h"

namespace facet::server {
namespace {

constexpr std::string_view kModels = "/page/models/";

Json plan_json(const ModelMemory& m) {
  return {{"weights", m.weight_bytes},     {"kv", m.kv_bytes},       {"kv_bytes_per_token", m.kv_bytes_per_token},
          {"snapshots", m.snapshot_bytes}, {"media", m.media_bytes}, {"work", m.work_bytes},
          {"total", m.total_bytes()},      {"on_disk", m.disk_bytes}};
}

Json modalities(const ModelInfo& model) {
  Json senses = {"text"};
  if (model.sees) senses.push_back("image");
  if (model.hears) senses.push_back("audio");
#ifdef FACET_FFMPEG
  if (model.sees) senses.push_back("video");
#endif
  return senses;
}

Json model_json(const ModelInfo& model, const std::string& default_name) {
  return {{"name", model.name},
          {"default", model.name == default_name},
          {"path_name", std::filesystem::path(model.path).filename().string()},
          {"bytes", model.size_bytes},
          {"parameters", model.parameters},
          {"quantization", model.quantization},
          {"family", model.family},
          {"modalities", modalities(model)},
          {"context", model.context},
          {"model_context", model.model_context},
          {"image_budget", model.image_budget},
          {"thinking", model.thinks},
          {"tools", model.calls},
          {"chat", model.chats},
          {"loaded", model.is_loaded},
          {"loading", model.is_loading},
          {"read", model.share_read},
          {"busy", model.n_uses > 0},
          {"expires_in", model.is_loaded && model.expires_in >= 0 ? Json(model.expires_in) : Json()},
          {"plan", plan_json(model.memory)}};
}

void list_models(http::Exchange& exchange, Service& service) {
  const std::string default_name = service.model("").name;
  Json models = Json::array();
  for (const ModelInfo& model : models_for(exchange.request(), service))
    models.push_back(model_json(model, default_name));
  const MachineInfo machine = service.machine();
  const int64_t free = std::max<int64_t>(machine.memory_bytes - machine.taken_bytes, 0);
  reply_page_json(
      exchange,
      to_json_text(
          {{"models", std::move(models)},
           {"memory", {{"budget", machine.memory_bytes}, {"used", machine.taken_bytes}, {"free", free}}},
           {"machine", {{"kernels", machine.backend}, {"threads", machine.n_threads}, {"isa", machine.kernels}}}}));
}

// "NAME/load"; names may have slashes.
void change_model(http::Exchange& exchange, Service& service) {
  const std::string_view rest = std::string_view(exchange.request().path).substr(kModels.size());
  const size_t slash = rest.rfind('/');
  const std::string name(rest.substr(0, slash)), what(slash == rest.npos ? "" : rest.substr(slash + 1));
  if (name.empty() || (what != "load" && what != "unload")) throw_no_path(exchange.request());
  check_key_model(exchange.request(), service, name);
  if (what == "load")
    service.load(name, {});
  else
    service.unload(name);
  reply_page_json(exchange, to_json_text(model_json(service.model(name), service.model("").name)));
}

}  // namespace

http::Routes model_routes_of_page(Service& service) {
  return {{"GET", "/page/models", [&service](const ExchangePtr& exchange) { list_models(*exchange, service); }},
          {"POST", std::string(kModels) + "*",
           [&service](const ExchangePtr& exchange) { change_model(*exchange, service); }, http::Scope::Admin}};
}

}  // namespace facet::server
