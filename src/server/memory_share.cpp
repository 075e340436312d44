#include "server/memory_share.h"

#include <algorithm>

namespace facet::server {

MemoryShare share_of(const runtime::Engine& engine, int64_t available_bytes, int64_t kv_budget) {
  constexpr int64_t kMostMedia = int64_t{256} << 20;
  const runtime::MemoryPlan plan = engine.plan(engine.context());
  MemoryShare share;
  if (plan.encoder_weight_bytes > 0) share.media_bytes = std::clamp<int64_t>(available_bytes / 16, 0, kMostMedia);
  const int64_t others = plan.resident_limit_bytes - plan.kv_limit_bytes + share.media_bytes;
  share.kv_budget = kv_budget > 0 ? kv_budget : std::max(plan.kv_limit_bytes, (available_bytes - others) / 2);
  share.total_bytes = others + share.kv_budget;
  return share;
}

}  // namespace facet::server
