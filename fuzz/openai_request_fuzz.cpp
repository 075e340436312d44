// link: facet_server
#include <cstdint>

#include "base/error.h"
#include "server/api_error.h"
#include "server/dialects/openai/batches/batch_lines.h"
#include "server/dialects/openai/chat_request.h"
#include "server/dialects/openai/completion_request.h"
#include "server/dialects/openai/embeddings.h"
#include "server/dialects/openai/responses/responses_request.h"
#include "server/dialects/openai/responses/stored_responses.h"

using namespace facet::server;

namespace {

// A store in which nothing is found.
ResponseSources empty_store() {
  return {[](const std::string&) { return std::optional<UploadedFile>(); },
          [](const std::string&) { return Json::array(); }, [](const std::string&) { return Json(); }};
}

}  // namespace

// A byte that chooses the endpoint, and a body. Whatever it says, it is understood or refused by an error of ours.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    Json errors = Json::array();
    if (data[0] == 'b') return parse_batch_lines(text, "/v1/chat/completions", errors), 0;
    const Json body = parse_body(text);
    if (data[0] == 'c') parse_chat_request(body, {});
    if (data[0] == 't') parse_completion_request(body);
    if (data[0] == 'e') parse_embeddings(body);
    if (data[0] == 'r') to_json_text(items_with_ids(parse_responses_request(body, empty_store()).input));
  } catch (const ApiError&) {
  } catch (const facet::Error&) {
  }
  return 0;
}
