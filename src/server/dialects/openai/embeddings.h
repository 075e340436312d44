// POST /v1/embeddings: what is asked for, and the reply.
#pragma once

#include "server/service.h"

namespace facet::server {

struct EmbeddingsCall {
  EmbeddingRequest request;
  bool is_base64 = false;  // vectors as base64 of 32-bit floats, little-endian
};

// input: a text, token numbers, or a list of either. Throws ApiError that names the field.
EmbeddingsCall parse_embeddings(const Json& body);
Json embeddings_json(const EmbeddingResult& result, bool is_base64);

}  // namespace facet::server
