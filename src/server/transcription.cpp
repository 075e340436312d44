// What is said in a sound file that a client sent, or while it is said.
#include "base/error.h"
#include "media/sound.h"
#include "runtime/transcriber.h"
#include "server/api_error.h"
#include "server/engine_service.h"
#include "server/loaded_model.h"
#include "text/languages.h"

namespace facet::server {

// Piece by piece, so that memory does not grow with the sound's length.
TranscriptionResult transcribe_sound(const LoadedModel& model, const TranscriptionRequest& request,
                                     const std::function<bool(const TranscriptionSegment&)>& on_segment) {
  runtime::TranscribeOptions options;
  if (!request.language.empty()) options.language = text::language_name(request.language);
  if (!request.translate_to.empty()) options.translate_to = text::language_name(request.translate_to);
  std::atomic<bool> is_over = false;
  options.cancel = &is_over;
  const auto* begin = reinterpret_cast<const std::byte*>(request.bytes.data());
  const auto source = media::Source::from_bytes({begin, begin + request.bytes.size()}, request.place);
  const auto reader = media::open_sound(source);
  runtime::Transcriber transcriber(model.engine, request.place, options);

  TranscriptionResult result;
  result.model = model.model.name;
  result.language = options.language;
  const auto take = [&](const runtime::TranscribedSegment& heard) {
    const std::string& text = request.translate_to.empty() ? heard.text : heard.translation;
    if (text.empty()) return;
    const auto n_tokens = model.engine->tokenizer().encode(text, text::Specials::Forbid).size();
    result.segments.push_back({heard.start, heard.end, text, static_cast<int>(n_tokens)});
    if (on_segment && !on_segment(result.segments.back())) is_over = true;
  };
  std::vector<float> samples(media::kSampleRate);
  while (const size_t n = reader->read(samples)) transcriber.push(std::span(samples).first(n), take);
  transcriber.finish(take);
  result.duration = transcriber.position();
  return result;
}

runtime::LiveOptions live_options(const LiveRequest& request) {
  runtime::LiveOptions options;
  options.finds_turns = request.finds_turns;
  options.silence = request.silence;
  options.padding = request.padding;
  if (!request.language.empty()) options.transcribe.language = text::language_name(request.language);
  options.transcribe.cancel = request.cancel;
  return options;
}

}  // namespace facet::server
