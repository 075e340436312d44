// Answers in Ollama's words: a line of JSON per piece of a stream, or one object. Durations are in nanoseconds.
#pragma once

#include <memory>

#include "server/event.h"

namespace facet::server {

// model: as the client named it; every line repeats it.
std::unique_ptr<ReplyWriter> ollama_chat_reply(std::string model, bool is_stream);
// conversation: what the reply's "context" continues; null: it has none.
std::unique_ptr<ReplyWriter> ollama_generate_reply(std::string model, bool is_stream, Json conversation);

// What is said when nothing was asked; reason: "load" or "unload".
Json ollama_loaded(const std::string& model, bool is_chat, const std::string& reason);

int64_t nanoseconds(double seconds);

}  // namespace facet::server
