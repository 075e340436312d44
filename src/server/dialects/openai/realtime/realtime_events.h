// What clients say in a realtime session: its settings, in the words of today's protocol and of its beta, sound, and
// what shall happen with it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "server/json_reading.h"

namespace facet::server {

struct RealtimeSettings {
  std::string model;             // empty: the server's default
  std::string language, prompt;  // the prompt has no effect
  int rate = 24'000;             // of the sound, 16 bits, mono
  bool finds_turns = true;       // "turn_detection": server_vad, or null
  double threshold = 0.5;        // no effect: what stands out from the background is speech
  int padding_ms = 300, silence_ms = 500;
  bool is_beta = false;  // events have the names of the beta
};

// With the changes that an update's `session` names. ApiError where one of them cannot be had.
RealtimeSettings changed_settings(RealtimeSettings settings, const Fields& session);
// As the server tells them.
Json settings_json(const RealtimeSettings& settings, const std::string& session_id);

struct RealtimeEvent {
  enum class Kind : uint8_t { Update, Append, Commit, Clear };
  Kind kind = Kind::Append;
  std::vector<std::byte> sound;  // Append
  Json session;                  // Update
  bool is_beta = false;          // Update by the beta's name
};

// ApiError for what is no event, or none that a transcription has.
RealtimeEvent parse_realtime_event(const Json& event);

}  // namespace facet::server
