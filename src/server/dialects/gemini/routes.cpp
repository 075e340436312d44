// Gemini's paths: /v1beta/models/NAME:METHOD, and the same under /v1, which its libraries ask for unless told
// otherwise.
#include <fmt/format.h>

#include "server/dialects/dialects.h"
#include "server/dialects/gemini/normal_form.h"
#include "server/dialects/gemini/reply.h"
#include "server/dialects/gemini/request.h"
#include "server/dialects/models.h"

namespace facet::server {
namespace {

struct GeminiCall {
  const std::shared_ptr<http::Exchange>& exchange;
  Service& service;
  std::string model;
  Json json;

  Fields body() const { return Fields(json); }
  void reply(const Json& answer) const {
    exchange->reply(200, "application/json; charset=utf-8", to_json_text(answer));
  }
};

void gemini_generate(const GeminiCall& call, bool is_stream) {
  GeminiRequest request = gemini_request(call.body(), call.model);
  request.generation.client = call.exchange->request().client;
  const bool is_sse = call.exchange->request().parameter("alt") == "sse";
  const GeminiForm form = !is_stream ? GeminiForm::Whole : is_sse ? GeminiForm::Events : GeminiForm::Array;
  answer(call.exchange, call.service, std::move(request.generation),
         gemini_reply(call.model, form, request.shows_thoughts));
}

// Of the contents alone, or of all that a generateContentRequest holds.
void gemini_count(const GeminiCall& call) {
  const Fields body = call.body();
  const auto whole = body.object("generateContentRequest");
  GeminiRequest request = gemini_request(whole ? *whole : body, call.model);
  request.generation.client = call.exchange->request().client;
  call.reply({{"totalTokens", call.service.count_tokens(request.generation)}});
}

void gemini_embed(const GeminiCall& call, bool is_batch) {
  EmbeddingRequest request =
      is_batch ? gemini_embeddings(call.body(), call.model) : gemini_embedding(call.body(), call.model);
  request.client = call.exchange->request().client;
  request.is_cancelled = [&call] { return call.exchange->is_closed(); };
  Json list = Json::array();
  for (const auto& values : call.service.embed(request).embeddings) list.push_back({{"values", values}});
  call.reply(is_batch ? Json{{"embeddings", std::move(list)}} : Json{{"embedding", list.at(0)}});
}

void gemini_method(const std::string& method, const GeminiCall& call) {
  if (method == "generateContent") return gemini_generate(call, false);
  if (method == "streamGenerateContent") return gemini_generate(call, true);
  if (method == "countTokens") return gemini_count(call);
  if (method == "embedContent") return gemini_embed(call, false);
  if (method == "batchEmbedContents") return gemini_embed(call, true);
  throw ApiError(ApiError::Kind::NotFound,
                 fmt::format("'{}' is no method of models: there are generateContent, streamGenerateContent, "
                             "countTokens, embedContent and batchEmbedContents",
                             method));
}

// What follows "/models/" in the path.
std::string gemini_path_name(const http::Request& request) {
  constexpr std::string_view kModels = "/models";
  const size_t at = request.path.find(kModels) + kModels.size() + 1;
  return at < request.path.size() ? request.path.substr(at) : std::string();
}

// Names of models have colons too: the last one is the method's.
void gemini_post(const std::shared_ptr<http::Exchange>& exchange, Service& service) {
  const std::string name = gemini_path_name(exchange->request());
  const size_t colon = name.rfind(':');
  if (colon == std::string::npos)
    throw ApiError(ApiError::Kind::NotFound, "expected a path like models/NAME:generateContent");
  const std::string model = name.substr(0, colon);
  service.model(model);  // 404 before anything is said about the body
  gemini_method(name.substr(colon + 1),
                {exchange, service, model, gemini_normal_form(parse_body(exchange->request().body))});
}

}  // namespace

http::Routes gemini_routes(Service& service) {
  const auto list = [&service](const std::shared_ptr<http::Exchange>& e) {
    gemini_models(*e, service, gemini_path_name(e->request()));
  };
  const auto post = [&service](const std::shared_ptr<http::Exchange>& e) { gemini_post(e, service); };
  using http::Scope;
  return {{"GET", "/v1beta/models", list, Scope::Use},
          {"GET", "/v1beta/models/*", list, Scope::Use},
          {"POST", "/v1beta/models/*", post, Scope::Use},
          {"POST", "/v1/models/*", post, Scope::Use}};
}

}  // namespace facet::server
