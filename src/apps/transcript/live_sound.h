// Sound that comes in while somebody is busy with what came before.
#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "media/sound.h"

namespace facet::apps {

class LiveSound {
 public:
  // The reader must own what it reads from: it may outlive this.
  explicit LiveSound(std::unique_ptr<media::SoundReader> reader);
  // A thread that still waits for sound is left to itself: nothing can wake it.
  ~LiveSound();
  LiveSound(const LiveSound&) = delete;
  LiveSound& operator=(const LiveSound&) = delete;

  // All that has come since the last call, after waiting at most so long for any. Throws what the reader threw, after
  // the sound before it.
  std::vector<float> take(std::chrono::milliseconds patience);
  // Nothing more comes, and all was taken.
  bool is_over() const;

 private:
  struct State;
  static void listen(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace facet::apps
