// Keys and values that outlive their sessions, found by what they were computed from: pages of all timelines of one
// engine, immutable and shared, so that a text that begins as another did is computed from where they part. With a
// folder they outlive the process too. Shared by threads.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/engine.h"
#include "runtime/kv_pages.h"
#include "runtime/page_store.h"
#include "runtime/page_tree.h"
#include "runtime/page_writer.h"

namespace facet::runtime {

struct PrefixCacheOptions {
  // Of pages, those that sessions share counted too. 0: what the engine's plan has room for
  // (EngineOptions::cache_bytes).
  int64_t memory_bytes = 0;
  std::string folder;  // of all models' pages; empty: memory alone. Each model has a folder of its own in it
  int64_t disk_bytes = int64_t{8} << 30;  // of this model's pages
  // Told once, on the thread that makes the cache or on one of its own, when the disk does not take pages any more. All
  // else goes on.
  std::function<void(const std::string&)> on_warning;
};

struct PrefixCacheStats {
  int64_t n_global_pages = 0, n_local_pages = 0;  // in memory
  int64_t n_nodes = 0;  // pages of texts that are known of, in memory, on disk, or because others follow them
  int64_t memory_bytes = 0, disk_bytes = 0;
};

// A page that a text begins with, and how far they agree.
struct CachedPage {
  PageId id;
  int n_tokens = 0;  // positions
  int n_local = 0;   // of those, whose local state is known: the first
  bool is_from_disk = false;
  std::array<PagePool::Ref, model::kKvGroups> pages;  // those that were in memory, or loaded
};

class PrefixCache {
 public:
  // A folder that cannot be used is a warning.
  explicit PrefixCache(std::shared_ptr<const Engine> engine, const PrefixCacheOptions& options = {});

  const Engine& engine() const noexcept { return *engine_; }

  // The pages that hold the longest known beginning of `text`, first to last; all but the last one whole.
  std::vector<CachedPage> find(std::span<const PositionContent> text);

  // Brings a page into memory, if it is not there. False: it is gone or damaged, and find() does not give it again.
  bool load(CachedPage& page, model::KvGroup group);

  // Keeps the whole pages of a timeline that holds `text`, and with is_end the last one too. boundaries: positions in
  // it where others may go on, whose windows of local pages are kept as far as `pages` has them.
  void publish(std::span<const PositionContent> text, const KvPages& pages, std::span<const int> boundaries,
               bool is_end);

  // Returns when all that was published is on disk, where there is one.
  void flush();

  PrefixCacheStats stats() const;

 private:
  void open_disk(const PageId& model);
  void restore(std::vector<StoredPage> found);
  void note_written(const PageRecord& record, const PagePlace& place);
  void keep_on_disk(std::span<PageNode* const> nodes);
  void write(PageNode& node, model::KvGroup group, int n);
  bool is_in_window(int page, std::span<const int> boundaries) const noexcept;

  const std::shared_ptr<const Engine> engine_;
  const PrefixCacheOptions options_;
  const int64_t memory_bytes_;
  const int page_tokens_, window_;
  mutable std::mutex mutex_;
  PageTree tree_;
  std::unique_ptr<PageStore> store_;    // or none
  std::unique_ptr<PageWriter> writer_;  // to it; ends before all it calls
};

}  // namespace facet::runtime
