#include "server/dialects/openai/realtime/realtime_dialog.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/error.h"
#include "server/dialects/errors.h"
#include "server/dialects/openai/realtime/realtime.h"
#include "server/ids.h"
#include "server/key_models.h"

namespace facet::server {
namespace {

Json error_fields(const ApiError& error) { return Json::parse(openai_error(error)).at("error"); }

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

}  // namespace

Json realtime_error(const ApiError& error, const std::string& client_event) {
  Json fields = error_fields(error);
  fields["event_id"] = or_null(client_event);
  return {{"type", "error"}, {"error", std::move(fields)}};
}

std::string realtime_text(Json event) {
  event["event_id"] = new_id("event_");
  return to_json_text(event);
}

RealtimeDialog::RealtimeDialog(Service& service, http::Request request, RealtimeSettings settings,
                               const std::atomic<bool>& cancel, Send send)
    : service_(service),
      request_(std::move(request)),
      settings_(std::move(settings)),
      cancel_(cancel),
      send_(std::move(send)),
      id_(new_id("sess_")) {}

void RealtimeDialog::begin() { tell_settings("created"); }

void RealtimeDialog::take(const RealtimeEvent& event, const std::string& event_id) {
  try {
    if (event.kind == RealtimeEvent::Kind::Commit) return commit(event_id);
    obey(event);
  } catch (const CancelledError&) {
    throw;
  } catch (...) {
    const ApiError error = to_api_error(std::current_exception());
    if (event.kind == RealtimeEvent::Kind::Update) return send_(realtime_error(error, event_id));  // nothing changes
    fail(error, event_id);
  }
}

void RealtimeDialog::obey(const RealtimeEvent& event) {
  if (event.kind == RealtimeEvent::Kind::Update) update(event);
  if (event.kind == RealtimeEvent::Kind::Append) append(event.sound);
  if (event.kind == RealtimeEvent::Kind::Clear) clear();
}

// Other settings begin with the next sound, and what the turn under way has so far is forgotten.
void RealtimeDialog::update(const RealtimeEvent& event) {
  RealtimeSettings settings = changed_settings(settings_, Fields(event.session, "session"));
  settings.is_beta = settings.is_beta || event.is_beta;
  settings.model = check_listener(service_, request_, settings.model);
  settings_ = std::move(settings);
  stop_listening();
  tell_settings("updated");
}

void RealtimeDialog::append(std::span<const std::byte> sound) {
  listen();
  samples_.clear();
  pcm_->push(sound, samples_);
  live_->push(samples_);
}

void RealtimeDialog::commit(const std::string& event_id) {
  bool has_turn = false;
  if (live_) {
    samples_.clear();
    pcm_->flush(samples_);
    live_->push(samples_);
    is_committing_ = true;
    has_turn = live_->commit();
    is_committing_ = false;
  }
  if (has_turn) return;
  Json event =
      realtime_error(ApiError(ApiError::Kind::Invalid,
                              "there is nothing to commit: no speech, or less than a tenth of a second of sound"),
                     event_id);
  event["error"]["code"] = "input_audio_buffer_commit_empty";
  send_(std::move(event));
}

void RealtimeDialog::clear() {
  if (live_) live_->clear();
  if (live_) pcm_ = std::make_unique<media::PcmSamples>(settings_.rate);
  item_.clear();
  send_({{"type", "input_audio_buffer.cleared"}});
}

// Of a turn that was told of, its transcript fails, and the next one may succeed.
void RealtimeDialog::fail(const ApiError& error, const std::string& event_id) {
  is_committing_ = false;
  if (std::exchange(is_transcribing_, false))
    tell_of_item("conversation.item.input_audio_transcription.failed",
                 {{"content_index", 0}, {"error", error_fields(error)}});
  else
    send_(realtime_error(error, event_id));
  if (live_) live_->clear();
  item_.clear();
}

void RealtimeDialog::listen() {
  if (live_) return;
  pcm_ = std::make_unique<media::PcmSamples>(settings_.rate);
  LiveRequest request;
  request.model = settings_.model;
  request.language = settings_.language;
  request.finds_turns = settings_.finds_turns;
  request.silence = settings_.silence_ms / 1e3;
  request.padding = settings_.padding_ms / 1e3;
  request.cancel = &cancel_;
  try {
    check_key_model(request_, service_, settings_.model);
    live_ = service_.listen(request, *this);
  } catch (...) {
    is_over_ = true;
    throw;
  }
}

void RealtimeDialog::stop_listening() {
  if (live_) seconds_before_ += live_->position();
  live_.reset();
  item_.clear();
}

void RealtimeDialog::tell_settings(const std::string& what) {
  send_({{"type", (settings_.is_beta ? "transcription_session." : "session.") + what},
         {"session", settings_json(settings_, id_)}});
}

void RealtimeDialog::tell_of_item(const char* type, Json more) {
  Json event{{"type", type}, {"item_id", item_}};
  event.update(more);
  send_(std::move(event));
}

int64_t RealtimeDialog::milliseconds(double seconds) const { return std::llround((seconds_before_ + seconds) * 1e3); }

void RealtimeDialog::on_speech(double start) {
  item_ = new_id("item_");
  tell_of_item("input_audio_buffer.speech_started", {{"audio_start_ms", milliseconds(start)}});
}

void RealtimeDialog::on_turn(double end) {
  if (item_.empty()) item_ = new_id("item_");
  is_transcribing_ = true;
  if (settings_.finds_turns && !is_committing_)
    tell_of_item("input_audio_buffer.speech_stopped", {{"audio_end_ms", milliseconds(end)}});
  tell_of_item("input_audio_buffer.committed", {{"previous_item_id", or_null(previous_item_)}});
  tell_item();
  previous_item_ = item_;
}

void RealtimeDialog::tell_item() {
  const Json item{{"id", item_},       {"object", "realtime.item"},
                  {"type", "message"}, {"status", "completed"},
                  {"role", "user"},    {"content", Json::array({{{"type", "input_audio"}, {"transcript", nullptr}}})}};
  const auto tell = [&](const char* type) {
    send_({{"type", type}, {"previous_item_id", or_null(previous_item_)}, {"item", item}});
  };
  if (settings_.is_beta) return tell("conversation.item.created");
  tell("conversation.item.added");
  tell("conversation.item.done");
}

void RealtimeDialog::on_words(std::string_view more) {
  tell_of_item("conversation.item.input_audio_transcription.delta", {{"content_index", 0}, {"delta", more}});
}

void RealtimeDialog::on_transcript(const std::string& text, double seconds) {
  is_transcribing_ = false;
  tell_of_item("conversation.item.input_audio_transcription.completed",
               {{"content_index", 0}, {"transcript", text}, {"usage", {{"type", "duration"}, {"seconds", seconds}}}});
  item_.clear();
}

}  // namespace facet::server
