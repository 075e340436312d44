// Ollama's paths. Bodies are read as JSON whatever their Content-Type says: some clients send none.
#include <fmt/format.h>

#include "server/api_error.h"
#include "server/dialects/dialects.h"
#include "server/dialects/ollama/embed.h"
#include "server/dialects/ollama/models.h"
#include "server/dialects/ollama/reply.h"
#include "server/dialects/ollama/request.h"
#include "server/key_models.h"

namespace facet::server {
namespace {

using Shared = std::shared_ptr<http::Exchange>;

// Editors refuse versions older than what they need, and want numbers; the protocol as of this one is what we speak.
constexpr const char* kOllamaVersion = "0.30.0";

void reply_ollama(http::Exchange& exchange, const Json& body) {
  exchange.reply(200, "application/json; charset=utf-8", to_json_text(body));
}

void ollama_ask(const Shared& exchange, Service& service, bool is_chat) {
  const Json json = parse_body(exchange->request().body);
  const Fields body(json);
  const std::string name = ollama_model_name(body);
  const ModelInfo model = service.model(name);
  OllamaRequest request = is_chat ? ollama_chat_request(body, model) : ollama_generate_request(body, model);
  if (request.only_loads) {
    const bool lets_go = request.generation.keep_alive == 0.0;
    if (lets_go)
      service.unload(name);
    else
      service.load(name, request.generation.keep_alive);
    return reply_ollama(*exchange, ollama_loaded(name, is_chat, lets_go ? "unload" : "load"));
  }
  request.generation.client = exchange->request().client;
  auto writer = is_chat ? ollama_chat_reply(name, request.is_stream)
                        : ollama_generate_reply(name, request.is_stream, std::move(request.conversation));
  answer(exchange, service, std::move(request.generation), std::move(writer));
}

void ollama_pull(const Shared& exchange, Service& service) {
  const Json json = parse_body(exchange->request().body);
  const Fields body(json);
  const std::string name = ollama_model_name(body);
  try {
    service.model(name);
  } catch (const ApiError& e) {
    if (e.kind() != ApiError::Kind::NotFound) throw;
    throw ApiError(
        ApiError::Kind::Unsupported,
        fmt::format("model '{}' is not here, and this server downloads none: fetch its GGUF file and name it "
                    "when the server is started",
                    name),
        "model");
  }
  if (!body.boolean_or("stream", true)) return reply_ollama(*exchange, {{"status", "success"}});
  exchange->begin(200, "application/x-ndjson");
  for (const char* status : {"pulling manifest", "verifying sha256 digest", "writing manifest", "success"})
    exchange->write(to_json_text({{"status", status}}) + '\n');
  exchange->end();
}

[[noreturn]] void refuse_ollama(const char* what) {
  throw ApiError(ApiError::Kind::Unsupported,
                 fmt::format("this server does not {}: its models are the files it was started with", what));
}

// Names alone come and go: the files are not the server's.
void ollama_delete(const Shared& exchange, Service& service) {
  const Json json = parse_body(exchange->request().body);
  service.remove_name(ollama_model_name(Fields(json)));
  exchange->reply(200, "application/json", "");
}

void ollama_copy(const Shared& exchange, Service& service) {
  const Json json = parse_body(exchange->request().body);
  const Fields body(json);
  service.add_name(body.required_string("source"), body.required_string("destination"));
  exchange->reply(200, "application/json", "");
}

// A model made of another without changing it is one more name for it.
void ollama_create(const Shared& exchange, Service& service) {
  const Json json = parse_body(exchange->request().body);
  const Fields body(json);
  for (const char* key : {"files", "adapters", "template", "system", "parameters", "messages", "quantize", "modelfile"})
    if (body.find(key) != nullptr)
      throw ApiError(
          ApiError::Kind::Unsupported,
          fmt::format("{}: this server makes no models; with \"from\" alone a model gets one more name", key), key);
  service.add_name(body.required_string("from"), ollama_model_name(body));
  if (!body.boolean_or("stream", true)) return reply_ollama(*exchange, {{"status", "success"}});
  exchange->reply(200, "application/x-ndjson", to_json_text({{"status", "success"}}) + '\n');
}

}  // namespace

http::Routes ollama_routes(Service& service) {
  const auto with_body = [&service](auto make) {
    return [&service, make](const Shared& exchange) {
      const Json json = parse_body(exchange->request().body);
      reply_ollama(*exchange, make(service, Fields(json), *exchange));
    };
  };
  const auto show = [](Service& s, const Fields& body, const http::Exchange&) {
    return ollama_show(s.model(ollama_model_name(body)));
  };
  using http::Scope;
  return {
      {"POST", "/api/chat", [&service](const Shared& e) { ollama_ask(e, service, true); }, Scope::Use},
      {"POST", "/api/generate", [&service](const Shared& e) { ollama_ask(e, service, false); }, Scope::Use},
      {"POST", "/api/embed", with_body(ollama_embed), Scope::Use},
      {"POST", "/api/embeddings", with_body(ollama_embeddings), Scope::Use},
      {"POST", "/api/show", with_body(show), Scope::Use},
      {"GET", "/api/tags",
       [&service](const Shared& e) { reply_ollama(*e, ollama_tags(models_for(e->request(), service))); }, Scope::Use},
      {"GET", "/api/ps",
       [&service](const Shared& e) { reply_ollama(*e, ollama_running(models_for(e->request(), service))); },
       Scope::Use},
      {"GET", "/api/version",
       [](const Shared& e) {
         reply_ollama(*e, {{"version", kOllamaVersion}});
       },
       Scope::Use},
      {"POST", "/api/pull", [&service](const Shared& e) { ollama_pull(e, service); }, Scope::Use},
      {"DELETE", "/api/delete", [&service](const Shared& e) { ollama_delete(e, service); }, Scope::Admin},
      {"POST", "/api/push", [](const Shared&) { refuse_ollama("push models"); }, Scope::Admin},
      {"POST", "/api/create", [&service](const Shared& e) { ollama_create(e, service); }, Scope::Admin},
      {"POST", "/api/copy", [&service](const Shared& e) { ollama_copy(e, service); }, Scope::Admin},
      {"POST", "/api/blobs/*", [](const Shared&) { refuse_ollama("take model files"); }, Scope::Admin},
      {"HEAD", "/api/blobs/*", [](const Shared&) { throw ApiError(ApiError::Kind::NotFound, "no such blob"); },
       Scope::Use},
  };
}

}  // namespace facet::server
