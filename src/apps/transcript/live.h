// Transcribing what is being said: finished segments stay, what is said now is shown as far as it is understood.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "media/sound.h"
#include "runtime/transcriber.h"

namespace facet::apps {

struct LiveEvents {
  std::function<void(const runtime::TranscribedSegment&)> on_segment;
  std::function<void(const runtime::TranscribedSegment&)> on_open;  // what is not final yet
};

// Until the sound ends, or `stop` is set; what is open then is heard to its end.
void transcribe_live(runtime::Transcriber& transcriber, std::unique_ptr<media::SoundReader> reader,
                     const LiveEvents& events, const std::atomic<bool>& stop);

}  // namespace facet::apps
