// What one loaded model may come to take of the memory that all of them share, beyond the plan of its engine: room for
// the keys and values of many requests, and embeddings of media that are kept. Internal to server/.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "runtime/engine.h"
#include "server/service.h"

namespace facet::server {

struct MemoryShare {
  int64_t kv_budget = 0;    // SchedulerOptions::kv_budget
  int64_t media_bytes = 0;  // EmbeddingCacheOptions::memory_bytes
  int64_t total_bytes = 0;  // at most: weights, all that the engine's plan has, and these
};

// Of a model of that plan that finds so much available. kv_budget: 0 lets it have half of what the rest leaves, so that
// answers without a limit, which count with the whole context, do not wait for one another where there is room; one of
// them fits in any case, even where the total then is more than there is.
MemoryShare share_of(const runtime::MemoryPlan& plan, int64_t available_bytes, int64_t kv_budget = 0);

// What that is of a model by itself, for people.
ModelMemory memory_of(const runtime::MemoryPlan& plan, int64_t available_bytes);

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
  // Until less than so much is taken.
  void wait_for_less_than(int64_t bytes);

 private:
  mutable std::mutex mutex_;
  std::condition_variable less_taken_;
  int64_t taken_ = 0;
};

}  // namespace facet::server
