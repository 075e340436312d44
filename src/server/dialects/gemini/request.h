// What clients ask for in Gemini's protocol, translated. Needs no server; bodies are in their normal form
// (normal_form.h); what is wrong is an ApiError that names the field.
#pragma once

#include "server/json_reading.h"
#include "server/service.h"

namespace facet::server {

struct GeminiRequest {
  GenerationRequest generation;
  bool shows_thoughts = false;
};

// model: its name in the path.
GeminiRequest gemini_request(const Fields& body, const std::string& model);

// The system instruction and the contents in OpenAI's form.
Json gemini_messages(const Fields& body, std::vector<MediaInput>& media);

// generationConfig.
void read_gemini_config(const Fields& config, GeminiRequest& request);

// Declared functions; null where there are none. Tools that only Google's servers have are left out.
Json gemini_tools(const Fields& body);

// Of embedContent, and of one or several embedContent requests that batchEmbedContents holds.
EmbeddingRequest gemini_embedding(const Fields& body, const std::string& model);
EmbeddingRequest gemini_embeddings(const Fields& body, const std::string& model);

}  // namespace facet::server
