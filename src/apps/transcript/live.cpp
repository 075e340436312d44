#include "apps/transcript/live.h"

#include <chrono>
#include <utility>

#include "apps/transcript/live_sound.h"

namespace facet::apps {
namespace {

// An open segment is heard again when it has this much more, or when nobody has spoken for this long since: what is
// shown is then behind by that and by the time it takes to hear, together less than two seconds.
constexpr double kNewSeconds = 0.8, kSilentSeconds = 0.1;

bool is_worth_hearing(const runtime::Transcriber& transcriber, double heard) {
  const double end = transcriber.open_end();
  return end - heard >= kNewSeconds || (end > heard && transcriber.position() - end >= kSilentSeconds);
}

}  // namespace

void transcribe_live(runtime::Transcriber& transcriber, std::unique_ptr<media::SoundReader> reader,
                     const LiveEvents& events, const std::atomic<bool>& stop) {
  LiveSound sound(std::move(reader));
  double heard = 0;  // end of the open segment when it was heard
  double held = 0;   // end of the last segment that was shown because it waits for the next one
  while (!stop && !sound.is_over()) {
    transcriber.push(sound.take(std::chrono::milliseconds(100)), events.on_segment);
    if (const auto& waits = transcriber.held(); waits && waits->end > held) {
      held = waits->end;
      events.on_open(*waits);
    }
    if (!is_worth_hearing(transcriber, heard)) continue;
    heard = transcriber.open_end();
    if (const auto open = transcriber.listen()) events.on_open(*open);
  }
  transcriber.finish(events.on_segment);
}

}  // namespace facet::apps
