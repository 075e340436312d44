// /v1/audio/transcriptions and /v1/audio/translations.
#include <fmt/format.h>

#include <charconv>

#include "server/dialects/openai/handlers.h"
#include "server/dialects/openai/transcripts.h"
#include "server/dialects/openai/usage.h"
#include "server/multipart.h"

namespace facet::server {
namespace {

using ExchangePtr = std::shared_ptr<http::Exchange>;

struct AudioCall {
  TranscriptionRequest request;
  std::string format = "json";
  bool is_stream = false;
};

float form_number(const FormPart& part) {
  float value = 0;
  const auto [end, error] = std::from_chars(part.content.data(), part.content.data() + part.content.size(), value);
  if (error != std::errc() || end != part.content.data() + part.content.size() || !(value >= 0 && value <= 2))
    throw_invalid(part.name, "expected a number from 0 to 2");
  return value;
}

AudioCall parse_audio(const http::Request& http, bool is_translation) {
  AudioCall call;
  for (const FormPart& part : parse_multipart(http.header("content-type"), http.body)) {
    TranscriptionRequest& request = call.request;
    if (part.name == "file") {
      request.bytes = part.content;
      request.place = part.filename.empty() ? "file" : part.filename;
    }
    if (part.name == "model") request.model = part.content;
    if (part.name == "language") request.language = part.content;
    if (part.name == "prompt") request.prompt = part.content;
    if (part.name == "temperature") request.temperature = form_number(part);
    if (part.name == "response_format") call.format = part.content;
    if (part.name == "stream") call.is_stream = part.content == "true" || part.content == "True" || part.content == "1";
    if (part.name == "timestamp_granularities[]" && part.content != "segment")
      throw ApiError(ApiError::Kind::Unsupported, "timestamp_granularities: only times of segments are known",
                     "timestamp_granularities");
  }
  if (call.request.bytes.empty()) throw_invalid("file", "is missing or empty");
  if (is_translation) call.request.translate_to = "English";
  call.request.client = http.client;
  check_transcript_format(call.format);
  return call;
}

// Segments as deltas, as they are heard. The head waits for the first one, so that an error before it is a status.
void stream_audio(http::Exchange& exchange, Service& service, const AudioCall& call) {
  bool has_begun = false;
  std::string text;
  const auto begin = [&] {
    if (!std::exchange(has_begun, true)) exchange.begin(200, "text/event-stream");
  };
  const auto hear = [&](const TranscriptionSegment& segment) {
    begin();
    const std::string delta = (text.empty() ? "" : " ") + segment.text;
    text += delta;
    exchange.write(sse_data({{"type", "transcript.text.delta"}, {"delta", delta}}));
    return !exchange.is_closed();
  };
  try {
    service.transcribe(call.request, hear);
    begin();
    exchange.write(sse_data({{"type", "transcript.text.done"}, {"text", text}}));
  } catch (...) {
    if (!has_begun) throw;
    exchange.write("data: " + error_body(Dialect::OpenAi, to_api_error(std::current_exception())) + "\n\n");
  }
  exchange.write("data: [DONE]\n\n");
  exchange.end();
}

void reply_audio(http::Exchange& exchange, Service& service, bool is_translation) {
  AudioCall call = parse_audio(exchange.request(), is_translation);
  call.request.is_cancelled = [&exchange] { return exchange.is_closed(); };
  if (call.is_stream) return stream_audio(exchange, service, call);
  // A client that has gone does not need the rest.
  const auto goes_on = [&](const TranscriptionSegment&) { return !exchange.is_closed(); };
  const TranscriptionResult result = service.transcribe(call.request, goes_on);
  const bool is_json = call.format.ends_with("json");
  exchange.reply(200, is_json ? "application/json" : "text/plain; charset=utf-8",
                 transcript_text(result, call.format, is_translation ? "translate" : "transcribe"));
}

}  // namespace

http::Routes audio_routes(Service& service) {
  return {{"POST", "/v1/audio/transcriptions",
           [&service](const ExchangePtr& exchange) { reply_audio(*exchange, service, false); }},
          {"POST", "/v1/audio/translations",
           [&service](const ExchangePtr& exchange) { reply_audio(*exchange, service, true); }}};
}

}  // namespace facet::server
