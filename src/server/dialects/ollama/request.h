// What clients ask for in Ollama's protocol, translated. Each function reads a whole body and needs no server; what is
// wrong is an ApiError that names the field.
#pragma once

#include "server/json_reading.h"
#include "server/service.h"

namespace facet::server {

struct OllamaRequest {
  GenerationRequest generation;
  bool is_stream = true;
  bool only_loads = false;  // nothing is asked: the model is loaded, or let go of when keep_alive is 0
  Json conversation;        // of /api/generate: what the reply's "context" continues; null: it has none
};

// "model", or "name" as older clients say.
std::string ollama_model_name(const Fields& body);

// model: the one that the body names; whether it thinks decides what an absent "think" means.
OllamaRequest ollama_chat_request(const Fields& body, const ModelInfo& model);
OllamaRequest ollama_generate_request(const Fields& body, const ModelInfo& model);

// The fields that chat and generate share: stream, options, format, think, keep_alive, truncate, logprobs.
// "num_ctx" is not a wish we follow: clients guess another one each turn, and the server's context is larger anyway.
void read_ollama_options(const Fields& body, const ModelInfo& model, OllamaRequest& request);

// Pictures and sounds (base64, or data: URLs) as parts of a message, in front of its text; a string when there are
// none.
Json ollama_content(const std::string& text, const Json& images, const std::string& place,
                    std::vector<MediaInput>& media);

}  // namespace facet::server
