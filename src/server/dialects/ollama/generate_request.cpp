// Ollama's /api/generate: one prompt, around which the server builds a chat, or a raw text.
#include "server/dialects/ollama/context.h"
#include "server/dialects/ollama/request.h"

namespace facet::server {
namespace {

void read_raw_prompt(const Fields& body, const std::string& prompt, GenerationRequest& generation) {
  if (!body.list("images").empty())
    throw ApiError(ApiError::Kind::Unsupported, "images: a raw prompt cannot have any, leave out \"raw\"", "images");
  if (!body.string_or("system", "").empty() || !body.list("context").empty())
    throw_invalid("raw", "raw mode does not support template, system, or context");
  generation.is_raw = true;
  generation.raw = prompt;
  generation.thinking = {};
  generation.suffix = body.string("suffix");
}

// The conversation so far, with this request's system message in place of an earlier one.
Json conversation_before(const Fields& body) {
  Json messages = read_ollama_context(body.list("context"));
  const std::string system = body.string_or("system", "");
  if (system.empty()) return messages;
  if (!messages.empty() && messages.front().at("role") == "system") messages.erase(messages.begin());
  messages.insert(messages.begin(), Json{{"role", "system"}, {"content", system}});
  return messages;
}

}  // namespace

OllamaRequest ollama_generate_request(const Fields& body, const ModelInfo& model) {
  OllamaRequest request;
  GenerationRequest& generation = request.generation;
  generation.model = ollama_model_name(body);
  read_ollama_options(body, model, request);
  if (!body.string_or("template", "").empty())
    throw ApiError(ApiError::Kind::Unsupported,
                   "template: the model's own is built in; send the finished prompt with \"raw\": true", "template");
  const std::string prompt = body.string_or("prompt", "");
  if (prompt.empty() && body.list("images").empty()) {
    request.only_loads = true;
  } else if (body.boolean_or("raw", false) || !body.string_or("suffix", "").empty()) {
    read_raw_prompt(body, prompt, generation);
  } else {
    request.conversation = conversation_before(body);
    generation.messages = request.conversation;
    generation.messages.push_back(
        {{"role", "user"}, {"content", ollama_content(prompt, body.list("images"), "images", generation.media)}});
    request.conversation.push_back({{"role", "user"}, {"content", prompt}});
  }
  return request;
}

}  // namespace facet::server
