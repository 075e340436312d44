// link: facet_server
#include <cstdint>
#include <string>

#include "server/dialects/anthropic/request.h"
#include "server/dialects/gemini/normal_form.h"
#include "server/dialects/gemini/request.h"
#include "server/dialects/ollama/request.h"
#include "server/test_service.h"

using namespace facet::server;

namespace {

// Whatever a client says: every message has a role, and every part that stands for media has its bytes.
void check(const GenerationRequest& request) {
  size_t n_media = 0;
  for (const Json& message : request.messages) {
    if (!message.at("role").is_string()) __builtin_trap();
    const auto content = message.find("content");
    if (content == message.end() || !content->is_array()) continue;
    for (const Json& part : *content) n_media += part.at("type") != "text";
  }
  if (n_media != request.media.size()) __builtin_trap();
  if (request.tools.is_array() && request.tools.empty()) __builtin_trap();
}

void read(int dialect, const Json& body) {
  const ModelInfo model = TestService::test_model();
  if (dialect == 0) return check(ollama_chat_request(Fields(body), model).generation);
  if (dialect == 1) return check(ollama_generate_request(Fields(body), model).generation);
  if (dialect == 2) return check(anthropic_request(Fields(body), false).generation);
  const Json normal = gemini_normal_form(body);
  if (gemini_normal_form(normal) != normal) __builtin_trap();
  if (dialect == 3) return check(gemini_request(Fields(normal), model.name).generation);
  gemini_embeddings(Fields(normal), model.name);
}

}  // namespace

// A digit that names the dialect (2: Ollama chat, 3: generate, 4: Anthropic, 0: Gemini, 1: its embeddings), and a body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  try {
    read(data[0] % 5, parse_body({reinterpret_cast<const char*>(data) + 1, size - 1}));
  } catch (const ApiError&) {
    // refused, in words that name the field
  }
  return 0;
}
