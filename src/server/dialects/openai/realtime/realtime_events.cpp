#include "server/dialects/openai/realtime/realtime_events.h"

#include <fmt/format.h>

#include "base/error.h"
#include "media/data_uri.h"
#include "media/pcm_samples.h"
#include "runtime/live_transcriber.h"
#include "text/languages.h"

namespace facet::server {
namespace {

[[noreturn]] void throw_unsupported(const std::string& place, const std::string& message) {
  throw ApiError(ApiError::Kind::Unsupported, place + ": " + message, place);
}

void check_transcription(const Fields& session) {
  const auto type = session.string("type");
  if (type && *type != "transcription")
    throw_unsupported(session.place("type"), "the models here make no sound: only \"transcription\" is spoken");
  if (!session.list("include").empty())
    throw_unsupported(session.place("include"), "log-probabilities of transcripts are not known");
}

// Null: turns are the client's to end.
void read_turn_detection(RealtimeSettings& settings, const Json& value, const std::string& place) {
  settings.finds_turns = !value.is_null();
  if (value.is_null()) return;
  const Fields vad(value, place);
  if (vad.string_or("type", "server_vad") != "server_vad")
    throw_unsupported(vad.place("type"), "only \"server_vad\" is known, or null");
  constexpr int kMaxMs = static_cast<int>(runtime::LiveTranscriber::kMaxSilence * 1000);
  constexpr int kMinMs = static_cast<int>(runtime::LiveTranscriber::kMinSilence * 1000);
  settings.threshold = vad.number("threshold", 0, 1).value_or(settings.threshold);
  settings.padding_ms = static_cast<int>(vad.integer("prefix_padding_ms", 0, kMaxMs).value_or(settings.padding_ms));
  settings.silence_ms =
      static_cast<int>(vad.integer("silence_duration_ms", kMinMs, kMaxMs).value_or(settings.silence_ms));
}

void read_transcription(RealtimeSettings& settings, const Fields& transcription) {
  settings.model = transcription.string_or("model", settings.model);
  settings.language = transcription.string_or("language", settings.language);
  try {
    if (!settings.language.empty()) text::language_name(settings.language);
  } catch (const RequestError& e) {
    throw_invalid(transcription.place("language"), e.what());
  }
  settings.prompt = transcription.string_or("prompt", settings.prompt);
}

void read_sound_format(RealtimeSettings& settings, const Fields& format) {
  if (format.string_or("type", "audio/pcm") != "audio/pcm")
    throw_unsupported(format.place("type"), "only \"audio/pcm\" is known: 16 bits, little-endian, mono");
  settings.rate = static_cast<int>(
      format.integer("rate", media::PcmSamples::kMinRate, media::PcmSamples::kMaxRate).value_or(settings.rate));
}

void read_beta_format(RealtimeSettings& settings, const Fields& session) {
  const auto format = session.string("input_audio_format");
  if (!format) return;
  if (*format != "pcm16")
    throw_unsupported(session.place("input_audio_format"), "only \"pcm16\" is known: mono, 24,000 Hz");
  settings.rate = 24'000;
}

RealtimeEvent append_event(const Fields& fields) {
  RealtimeEvent event;
  event.sound = media::decode_base64(fields.required_string("audio"), "audio");
  return event;
}

RealtimeEvent update_event(const Fields& fields, bool is_beta) {
  RealtimeEvent event;
  event.kind = RealtimeEvent::Kind::Update;
  event.session = fields.require("session");
  event.is_beta = is_beta;
  Fields(event.session, "session");  // an object
  return event;
}

RealtimeEvent plain_event(RealtimeEvent::Kind kind) {
  RealtimeEvent event;
  event.kind = kind;
  return event;
}

}  // namespace

RealtimeSettings changed_settings(RealtimeSettings settings, const Fields& session) {
  check_transcription(session);
  read_beta_format(settings, session);
  if (const auto transcription = session.object("input_audio_transcription"))
    read_transcription(settings, *transcription);
  if (const Json* turns = session.value("turn_detection"))
    read_turn_detection(settings, *turns, session.place("turn_detection"));
  const auto audio = session.object("audio");
  const auto input = audio ? audio->object("input") : std::nullopt;
  if (!input) return settings;
  if (const auto format = input->object("format")) read_sound_format(settings, *format);
  if (const auto transcription = input->object("transcription")) read_transcription(settings, *transcription);
  if (const Json* turns = input->value("turn_detection"))
    read_turn_detection(settings, *turns, input->place("turn_detection"));
  return settings;
}

Json settings_json(const RealtimeSettings& settings, const std::string& session_id) {
  const Json transcription{{"model", settings.model},
                           {"language", settings.language.empty() ? Json(nullptr) : Json(settings.language)},
                           {"prompt", settings.prompt}};
  const Json turns = settings.finds_turns ? Json{{"type", "server_vad"},
                                                 {"threshold", settings.threshold},
                                                 {"prefix_padding_ms", settings.padding_ms},
                                                 {"silence_duration_ms", settings.silence_ms}}
                                          : Json(nullptr);
  if (settings.is_beta)
    return {{"id", session_id},
            {"object", "realtime.transcription_session"},
            {"input_audio_format", "pcm16"},
            {"input_audio_transcription", transcription},
            {"turn_detection", turns}};
  return {{"id", session_id},
          {"object", "realtime.transcription_session"},
          {"type", "transcription"},
          {"audio",
           {{"input",
             {{"format", {{"type", "audio/pcm"}, {"rate", settings.rate}}},
              {"transcription", transcription},
              {"noise_reduction", nullptr},
              {"turn_detection", turns}}}}}};
}

RealtimeEvent parse_realtime_event(const Json& event) {
  const Fields fields(event);
  const std::string type = fields.required_string("type");
  if (type == "input_audio_buffer.append") return append_event(fields);
  if (type == "input_audio_buffer.commit") return plain_event(RealtimeEvent::Kind::Commit);
  if (type == "input_audio_buffer.clear") return plain_event(RealtimeEvent::Kind::Clear);
  if (type == "session.update") return update_event(fields, false);
  if (type == "transcription_session.update") return update_event(fields, true);
  if (type.starts_with("response.") || type.starts_with("conversation.") || type.starts_with("output_audio_buffer."))
    throw_unsupported("type", "the models here make no sound: a transcription has no " + type);
  throw_invalid("type", fmt::format("'{}' is no event of a client", type));
}

}  // namespace facet::server
