#include "server/dialects/openai/chat_request.h"

#include "server/dialects/openai/chat_messages.h"
#include "server/dialects/openai/options.h"
#include "server/dialects/openai/output_format.h"
#include "server/dialects/openai/tools.h"

namespace facet::server {
namespace {

constexpr int kMaxTopLogprobs = 20;

int read_logprobs(const Fields& body) {
  const auto top = body.integer("top_logprobs", 0, kMaxTopLogprobs);
  if (body.boolean_or("logprobs", false)) return static_cast<int>(top.value_or(0));
  if (top.value_or(0) > 0) throw_invalid("top_logprobs", "needs logprobs to be true");
  return -1;
}

// What only a model that speaks could do.
void refuse_spoken_answers(const Fields& body) {
  for (const std::string& modality : body.strings("modalities"))
    if (modality != "text")
      throw ApiError(ApiError::Kind::Unsupported, "modalities: the model answers in text alone", "modalities");
}

}  // namespace

ReplyOptions read_reply_options(const Fields& body) {
  ReplyOptions options;
  options.is_stream = body.boolean_or("stream", false);
  if (const auto stream = body.object("stream_options")) options.has_usage = stream->boolean_or("include_usage", false);
  return options;
}

ChatRequest parse_chat_request(const Json& json, const FindFile& find_file) {
  const Fields body(json);
  ChatRequest request;
  GenerationRequest& generation = request.generation;
  read_options(body, generation);
  read_messages(body, generation, find_file);
  read_tools(body, generation);
  generation.format = read_response_format(body);
  generation.thinking = read_thinking(body);
  generation.max_tokens = read_max_tokens(body, {"max_completion_tokens", "max_tokens"});
  generation.n_logprobs = read_logprobs(body);
  refuse_spoken_answers(body);
  request.reply = read_reply_options(body);
  request.reply.is_legacy_function = body.has("functions") && !body.has("tools");
  return request;
}

}  // namespace facet::server
