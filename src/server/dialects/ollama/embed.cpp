// Ollama's /api/embed, and /api/embeddings, its older form for one text.
#include "server/dialects/ollama/embed.h"

#include "server/dialects/ollama/reply.h"
#include "server/dialects/ollama/request.h"
#include "server/duration.h"

namespace facet::server {

EmbeddingRequest ollama_embed_request(const Fields& body) {
  EmbeddingRequest request;
  request.model = ollama_model_name(body);
  request.keep_alive = read_keep_alive(body);
  request.truncates = body.boolean_or("truncate", true);
  request.dimensions = static_cast<int>(body.integer("dimensions", 0, 1 << 20).value_or(0));
  const Json* input = body.find("input");
  if (input && *input == "") return request;  // loads, as no input does
  for (std::string& text : body.strings("input")) request.inputs.push_back({std::move(text), {}});
  return request;
}

Json ollama_embed(Service& service, const Fields& body, const http::Exchange& exchange) {
  EmbeddingRequest request = ollama_embed_request(body);
  request.client = exchange.request().client;
  request.is_cancelled = [&exchange] { return exchange.is_closed(); };
  EmbeddingResult result;
  if (request.inputs.empty())
    service.load(request.model, request.keep_alive);
  else
    result = service.embed(request);
  return {{"model", request.model},
          {"embeddings", result.embeddings},
          {"total_duration", nanoseconds(result.total_seconds)},
          {"load_duration", nanoseconds(result.load_seconds)},
          {"prompt_eval_count", result.n_tokens}};
}

Json ollama_embeddings(Service& service, const Fields& body, const http::Exchange& exchange) {
  EmbeddingRequest request = ollama_embed_request(body);
  request.client = exchange.request().client;
  request.is_cancelled = [&exchange] { return exchange.is_closed(); };
  request.inputs = {{body.string_or("prompt", ""), {}}};
  if (!request.inputs.front().text.empty()) return {{"embedding", service.embed(request).embeddings.at(0)}};
  service.load(request.model, request.keep_alive);
  return {{"embedding", Json::array()}};
}

}  // namespace facet::server
