// Answers in Gemini's words: a response with candidates, or a stream of responses.
#pragma once

#include <memory>

#include "server/event.h"

namespace facet::server {

enum class GeminiForm : uint8_t {
  Whole,
  Events,  // alt=sse
  Array,   // one JSON array that grows
};

// model: as the client named it. Thoughts that are not shown are left out.
std::unique_ptr<ReplyWriter> gemini_reply(std::string model, GeminiForm form, bool shows_thoughts);

}  // namespace facet::server
