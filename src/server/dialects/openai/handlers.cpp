#include "server/dialects/openai/handlers.h"

#include "server/dialects/dialects.h"
#include "server/dialects/openai/chat_writer.h"
#include "server/dialects/openai/completion_writer.h"
#include "server/dialects/openai/embeddings.h"
#include "server/dialects/openai/many_prompts.h"
#include "server/dialects/openai/realtime/realtime.h"
#include "server/dialects/stamps.h"
#include "server/ids.h"

namespace facet::server {
namespace {

using ExchangePtr = std::shared_ptr<http::Exchange>;

void reply_chat(const ExchangePtr& exchange, Service& service, Store& store) {
  const std::string& client = exchange->request().client;
  ChatRequest request = parse_chat_request(parse_body(exchange->request().body), find_file_in(store, client));
  request.generation.client = client;
  auto writer = chat_writer(request, reply_head(service, request.generation.model, "chatcmpl-"));
  answer(exchange, service, std::move(request.generation), std::move(writer));
}

// The prompts' own texts, where they begin the answers.
std::vector<std::string> prompt_texts(Service& service, const CompletionRequest& request) {
  std::vector<std::string> texts;
  for (const GenerationRequest& prompt : request.prompts)
    if (request.echoes)
      texts.push_back(prompt.raw_tokens.empty() ? prompt.raw : service.detokenize(prompt.model, prompt.raw_tokens));
  return texts;
}

void reply_completion(const ExchangePtr& exchange, Service& service) {
  CompletionRequest request = parse_completion_request(parse_body(exchange->request().body));
  for (GenerationRequest& prompt : request.prompts) prompt.client = exchange->request().client;
  ReplyHead head = reply_head(service, request.prompts[0].model, "cmpl-");
  auto writer = completion_writer(request, prompt_texts(service, request), std::move(head));
  const auto start = [&](EventSink sink) { return generate_all(service, std::move(request.prompts), std::move(sink)); };
  answer(exchange, start, std::move(writer));
}

void reply_embeddings(const ExchangePtr& exchange, Service& service) {
  EmbeddingsCall call = parse_embeddings(parse_body(exchange->request().body));
  call.request.client = exchange->request().client;
  call.request.is_cancelled = [exchange] { return exchange->is_closed(); };
  reply_json(*exchange, embeddings_json(service.embed(call.request), call.is_base64));
}

}  // namespace

FindFile find_file_in(Store& store, const std::string& owner) {
  return [&store, owner](const std::string& id) -> std::optional<UploadedFile> {
    auto item = store.get("file", id, owner, true);
    if (!item) return {};
    return UploadedFile{Json::parse(item->json).value("filename", ""), std::move(item->bytes)};
  };
}

ReplyHead reply_head(Service& service, const std::string& model, std::string_view id_prefix) {
  return {new_id(id_prefix), unix_time(), "fp_" + service.model(model).digest.substr(0, 10)};
}

std::string path_id(const http::Request& request, std::string_view prefix, std::string_view suffix) {
  std::string_view id = std::string_view(request.path).substr(prefix.size());
  if (id.ends_with(suffix)) id.remove_suffix(suffix.size());
  return std::string(id);
}

void reply_json(http::Exchange& exchange, const Json& body) {
  exchange.reply(200, "application/json", to_json_text(body));
}

http::Routes chat_routes(Service& service, Store& store) {
  return {{"POST", "/v1/chat/completions",
           [&service, &store](const ExchangePtr& exchange) { reply_chat(exchange, service, store); }}};
}

http::Routes completion_routes(Service& service) {
  return {
      {"POST", "/v1/completions", [&service](const ExchangePtr& exchange) { reply_completion(exchange, service); }}};
}

http::Routes embedding_routes(Service& service) {
  return {{"POST", "/v1/embeddings", [&service](const ExchangePtr& exchange) { reply_embeddings(exchange, service); }}};
}

http::Routes openai_routes(Service& service, Store& store, McpAccess mcp) {
  http::Routes routes;
  const auto add = [&routes](const http::Routes& more) { routes.insert(routes.end(), more.begin(), more.end()); };
  add(chat_routes(service, store));
  add(completion_routes(service));
  add(embedding_routes(service));
  add(responses_routes(service, store, std::move(mcp)));
  add(batch_routes(routes, store));  // asks those above
  add(file_routes(store));
  add(audio_routes(service));
  add(realtime_routes(service));
  return routes;
}

}  // namespace facet::server
