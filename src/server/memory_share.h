// What one loaded model may come to take of the memory that all of them share, beyond the plan of its engine: room for
// the keys and values of many requests, and embeddings of media that are kept. Internal to server/.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

#include "base/error.h"
#include "runtime/engine.h"
#include "server/service.h"

namespace facet::server {

struct MemoryShare {
  int64_t kv_budget = 0;    // SchedulerOptions::kv_budget
  int64_t media_bytes = 0;  // EmbeddingCacheOptions::memory_bytes
  int64_t total_bytes = 0;  // at most: weights, all that the engine's plan has, and these
};

// Of a model of that plan that finds so much available. kv_budget: 0 lets it have half of what the rest leaves, so that
// many answers grow to their ends beside one another; one that fills the context fits in any case, even where the total
// then is more than there is.
MemoryShare share_of(const runtime::MemoryPlan& plan, int64_t available_bytes, int64_t kv_budget = 0);

// What that is of a model by itself, for people.
ModelMemory memory_of(const runtime::MemoryPlan& plan, int64_t available_bytes);

// Asked now and then by what waits, on its own thread: whether nobody needs the result any more. Empty: somebody does.
using IsCancelled = std::function<bool()>;
// Waits, with the lock on what `is_so` looks at; throws CancelledError.
template <class IsSo>
void wait_unless_cancelled(std::condition_variable& changed, std::unique_lock<std::mutex>& lock,
                           const IsCancelled& is_cancelled, const IsSo& is_so) {
  constexpr std::chrono::milliseconds kLook{100};
  while (!changed.wait_for(lock, kLook, is_so))
    if (is_cancelled && is_cancelled()) throw CancelledError();
}

// What is taken of the memory: by each claim, as long as it lives. Thread-safe.
class MemoryBudget {
 public:
  class Claim {
   public:
    // The budget outlives it.
    Claim(MemoryBudget& budget, int64_t bytes);
    Claim(Claim&& other) noexcept;
    Claim& operator=(Claim&&) = delete;
    ~Claim();
    int64_t bytes() const noexcept { return bytes_; }

   private:
    MemoryBudget* budget_;
    int64_t bytes_;
  };

  int64_t taken() const;
  // Until less than so much is taken, or nobody waits for it any more, which throws CancelledError.
  void wait_for_less_than(int64_t bytes, const IsCancelled& is_cancelled);

 private:
  mutable std::mutex mutex_;
  std::condition_variable less_taken_;
  int64_t taken_ = 0;
};

}  // namespace facet::server
