#include "server/memory_share.h"

#include <algorithm>
#include <utility>

namespace facet::server {

MemoryShare share_of(const runtime::MemoryPlan& plan, int64_t available_bytes, int64_t kv_budget) {
  constexpr int64_t kMostMedia = int64_t{256} << 20;
  MemoryShare share;
  if (plan.encoder_weight_bytes > 0) share.media_bytes = std::clamp<int64_t>(available_bytes / 16, 0, kMostMedia);
  const int64_t others = plan.resident_limit_bytes - plan.kv_limit_bytes + share.media_bytes;
  share.kv_budget = kv_budget > 0 ? kv_budget : std::max(plan.kv_limit_bytes, (available_bytes - others) / 2);
  share.total_bytes = others + share.kv_budget;
  return share;
}

ModelMemory memory_of(const runtime::MemoryPlan& plan, int64_t available_bytes) {
  const int64_t available = available_bytes > 0 ? available_bytes : plan.available_bytes;
  ModelMemory m;
  m.weight_bytes = plan.resident_weight_bytes + plan.encoder_weight_bytes;
  m.disk_bytes = plan.ple_bytes_on_disk;
  m.kv_bytes = plan.kv_bytes;
  m.kv_bytes_per_token = plan.kv_bytes_per_token;
  m.snapshot_bytes = plan.kv_limit_bytes - plan.kv_bytes + plan.cache_limit_bytes;
  m.work_bytes =
      plan.resident_limit_bytes - m.weight_bytes - m.kv_bytes - m.snapshot_bytes - plan.encoder_scratch_bytes;
  m.media_bytes = plan.encoder_scratch_bytes + share_of(plan, available).media_bytes;
  return m;
}

MemoryBudget::Claim::Claim(MemoryBudget& budget, int64_t bytes) : budget_(&budget), bytes_(bytes) {
  const std::scoped_lock lock(budget.mutex_);
  budget.taken_ += bytes;
}

MemoryBudget::Claim::Claim(Claim&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)), bytes_(other.bytes_) {}

MemoryBudget::Claim::~Claim() {
  if (budget_ == nullptr) return;
  const std::scoped_lock lock(budget_->mutex_);
  budget_->taken_ -= bytes_;
  budget_->less_taken_.notify_all();  // under the lock: who waits may end the budget
}

int64_t MemoryBudget::taken() const {
  const std::scoped_lock lock(mutex_);
  return taken_;
}

void MemoryBudget::wait_for_less_than(int64_t bytes, const IsCancelled& is_cancelled) {
  std::unique_lock lock(mutex_);
  wait_unless_cancelled(less_taken_, lock, is_cancelled, [&] { return taken_ < bytes; });
}

}  // namespace facet::server
