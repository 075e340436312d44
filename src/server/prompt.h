// A request -> the tokens and media that a model is given.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "media/source.h"
#include "runtime/media_reader.h"
#include "server/request.h"
#include "server/thought_memory.h"

namespace facet::server {

struct BuiltPrompt {
  std::vector<text::TokenId> tokens;
  std::vector<runtime::MediaSpan> media;
  std::vector<int> boundaries;  // where its messages begin: others may part from it there
  bool is_chat = false, starts_in_thought = false;
  Json messages;                      // of a chat, prepared
  std::vector<std::string> declared;  // names of the functions that may be called

  operator runtime::PromptView() const { return {tokens, media}; }  // NOLINT: a prompt's view
};

// Reads and encodes the request's media, renders its messages, and checks that the prompt fits the context with room
// for a token of the answer. Throws ApiError: what is wrong with which message, or ContextFull. With `shortens` the
// oldest messages go, but for those of the system, until it fits.
BuiltPrompt build_prompt(const std::shared_ptr<const runtime::Engine>& engine, const GenerationRequest& request,
                         bool thinks, const std::shared_ptr<runtime::EmbeddingCache>& media_cache,
                         const ThoughtMemory& thoughts, const std::atomic<bool>* cancel = nullptr);

}  // namespace facet::server
