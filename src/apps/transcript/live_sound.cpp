#include "apps/transcript/live_sound.h"

#include <utility>

namespace facet::apps {
namespace {

// What may wait to be heard: a pipe is held up beyond it, a microphone loses sound.
constexpr size_t kMostWaiting = size_t{120} * media::kSampleRate;
constexpr size_t kBlock = media::kSampleRate / 20;

}  // namespace

struct LiveSound::State {
  std::unique_ptr<media::SoundReader> reader;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<float> waiting;
  std::exception_ptr error;
  bool is_done = false, is_abandoned = false;
};

LiveSound::LiveSound(std::unique_ptr<media::SoundReader> reader) : state_(std::make_shared<State>()) {
  state_->reader = std::move(reader);
  thread_ = std::thread([state = state_] { listen(state); });
}

LiveSound::~LiveSound() {
  bool is_done = false;
  {
    std::unique_lock lock(state_->mutex);
    state_->is_abandoned = true;
    state_->changed.notify_all();
    // A microphone gives something every tenth of a second; a pipe may never.
    is_done = state_->changed.wait_for(lock, std::chrono::milliseconds(500), [this] { return state_->is_done; });
  }
  if (is_done)
    thread_.join();
  else
    thread_.detach();
}

void LiveSound::listen(const std::shared_ptr<State>& state) {
  std::vector<float> block(kBlock);
  std::exception_ptr error;
  try {
    while (const size_t n = state->reader->read(block)) {
      std::unique_lock lock(state->mutex);
      state->changed.wait(lock, [&] { return state->is_abandoned || state->waiting.size() < kMostWaiting; });
      if (state->is_abandoned) break;
      state->waiting.insert(state->waiting.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(n));
      state->changed.notify_all();
    }
  } catch (...) {
    error = std::current_exception();
  }
  const std::lock_guard lock(state->mutex);
  state->error = error;
  state->is_done = true;
  state->changed.notify_all();
}

std::vector<float> LiveSound::take(std::chrono::milliseconds patience) {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, patience, [this] { return !state_->waiting.empty() || state_->is_done; });
  if (state_->waiting.empty() && state_->error) std::rethrow_exception(std::exchange(state_->error, nullptr));
  std::vector<float> out = std::exchange(state_->waiting, {});
  state_->changed.notify_all();
  return out;
}

bool LiveSound::is_over() const {
  const std::lock_guard lock(state_->mutex);
  return state_->is_done && state_->waiting.empty() && !state_->error;
}

}  // namespace facet::apps
