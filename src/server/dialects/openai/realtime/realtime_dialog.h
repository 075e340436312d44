// One realtime session without its connection: events of a client become events of the server, and sound becomes turns
// with their transcripts. On one thread, which computes.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "media/pcm_samples.h"
#include "server/dialects/openai/realtime/realtime_events.h"
#include "server/service.h"

namespace facet::server {

// "error" as an event, without its event_id. client_event: the event_id of what it is about; may be empty.
Json realtime_error(const ApiError& error, const std::string& client_event);

// An event's text, with an id of its own.
std::string realtime_text(Json event);

class RealtimeDialog : private runtime::LiveListener {
 public:
  using Send = std::function<void(Json event)>;

  // request: that opened the session, with its key. The service and `cancel` outlive this.
  RealtimeDialog(Service& service, http::Request request, RealtimeSettings settings, const std::atomic<bool>& cancel,
                 Send send);

  void begin();  // says what the settings are
  // What goes wrong is said by an event. Throws CancelledError.
  void take(const RealtimeEvent& event, const std::string& event_id);
  // The model cannot be had: nothing more will come.
  bool is_over() const { return is_over_; }

 private:
  void on_speech(double start) override;
  void on_turn(double end) override;
  void on_words(std::string_view more) override;
  void on_transcript(const std::string& text, double seconds) override;

  void obey(const RealtimeEvent& event);
  void update(const RealtimeEvent& event);
  void append(std::span<const std::byte> sound);
  void commit(const std::string& event_id);
  void clear();
  void fail(const ApiError& error, const std::string& event_id);
  void listen();
  void stop_listening();
  void tell_settings(const std::string& what);
  void tell_item();
  void tell_of_item(const char* type, Json more);
  int64_t milliseconds(double seconds) const;

  Service& service_;
  const http::Request request_;
  RealtimeSettings settings_;
  const std::atomic<bool>& cancel_;
  const Send send_;
  const std::string id_;

  std::unique_ptr<media::PcmSamples> pcm_;
  std::unique_ptr<LiveTranscription> live_;  // from the first sound on
  std::vector<float> samples_;
  double seconds_before_ = 0;         // of sound that others before live_ have heard
  std::string item_, previous_item_;  // of the turn, and of the one before
  bool is_committing_ = false, is_transcribing_ = false, is_over_ = false;
};

}  // namespace facet::server
