// Keys and values that outlive their sessions, found by what they were computed from: pages of all timelines of one
// engine, immutable and shared, so that a text that begins as another did is computed from where they part. Shared by
// threads.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "runtime/engine.h"
#include "runtime/kv_pages.h"
#include "runtime/page_tree.h"

namespace facet::runtime {

struct PrefixCacheOptions {
  int64_t memory_bytes = int64_t{1} << 30;  // of pages, those that sessions share counted too
};

struct PrefixCacheStats {
  int64_t n_global_pages = 0, n_local_pages = 0;  // in memory
  int64_t memory_bytes = 0;
};

// A page that a text begins with, and how far they agree.
struct CachedPage {
  int n_tokens = 0;  // positions
  int n_local = 0;   // of those, whose local state is known: the first
  std::array<PagePool::Ref, model::kKvGroups> pages;
};

class PrefixCache {
 public:
  explicit PrefixCache(std::shared_ptr<const Engine> engine, const PrefixCacheOptions& options = {});

  const Engine& engine() const noexcept { return *engine_; }

  // The pages that hold the longest known beginning of `text`, first to last; all but the last one whole.
  std::vector<CachedPage> find(std::span<const PositionContent> text);

  // Keeps the whole pages of a timeline that holds `text`, and with is_end the last one too. boundaries: positions in
  // it where others may go on, whose windows of local pages are kept as far as `pages` has them.
  void publish(std::span<const PositionContent> text, const KvPages& pages, std::span<const int> boundaries,
               bool is_end);

  PrefixCacheStats stats() const;

 private:
  bool is_in_window(int page, std::span<const int> boundaries) const noexcept;

  const std::shared_ptr<const Engine> engine_;
  const PrefixCacheOptions options_;
  const int page_tokens_, window_;
  mutable std::mutex mutex_;
  PageTree tree_;
};

}  // namespace facet::runtime
