// Embeddings in Ollama's protocol. Without a text they load the model, as all its requests do.
#pragma once

#include "server/json_reading.h"
#include "server/service.h"

namespace facet::server {

EmbeddingRequest ollama_embed_request(const Fields& body);

// The bodies of the replies; client: whose turn it is.
Json ollama_embed(Service& service, const Fields& body, const http::Exchange& exchange);
Json ollama_embeddings(Service& service, const Fields& body, const http::Exchange& exchange);

}  // namespace facet::server
