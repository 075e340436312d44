// The keys and values of one timeline: page tables of its global and local layers. Pages hold a fixed number of tokens
// and are shared by reference between timelines; one that others refer to is copied before it is written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/kv_layout.h"
#include "runtime/page_pool.h"

namespace facet::runtime {

using PagePools = std::array<PagePool, model::kKvGroups>;

// One timeline's pages. Positions [0, length) have global state; local state exists where `resumable` says so.
class KvPages {
 public:
  KvPages(std::shared_ptr<PagePools> pools, int page_tokens, int window, int context);

  // Makes positions [begin, end) writable: pages exist and belong to this timeline alone. Begin is the current length.
  void extend(int begin, int end);

  // After [.., end) was computed: lets go of local pages that no query from `end` on can see, but for those that pinned
  // boundaries need.
  void advance(int end);

  // Marks a position where a later timeline may resume, or before whose last token it may: the window before it stays.
  // The oldest of more than kMaxBoundaries is forgotten.
  void pin_boundary(int position);

  // The latest position <= n from which computing can go on, where `length` positions were computed: every local row of
  // its window is there. elsewhere: first rows of each local page that are to be had from somewhere else.
  int resumable(int n, int length, std::span<const int> elsewhere) const noexcept;
  int resumable(int n) const noexcept { return resumable(n, n, {}); }

  // Forgets positions from n on (n resumable).
  void truncate(int n);

  // A page, or none where this timeline has none; and a page of someone else in place of it, which is written only once
  // it was copied.
  PagePool::Ref page(model::KvGroup group, int page) const { return pages_[index(group)][static_cast<size_t>(page)]; }
  void adopt(model::KvGroup group, int page, PagePool::Ref ref);

  // The same pages, shared.
  KvPages fork() const { return *this; }

  std::array<std::byte* const*, model::kKvGroups> tables() const noexcept;
  int64_t bytes() const noexcept;

  static constexpr int kMaxBoundaries = 4;

  // Local pages that a timeline holds at most when it is computed in chunks of up to `chunk` tokens.
  static int64_t max_local_pages(int page_tokens, int window, int chunk, int context) noexcept;

 private:
  static size_t index(model::KvGroup group) noexcept { return static_cast<size_t>(group); }
  int local_rows(int page, int length, std::span<const int> elsewhere) const noexcept;
  bool has_window(int position, int length, std::span<const int> elsewhere) const noexcept;
  bool is_pinned(int page) const noexcept;
  void own(size_t group, size_t page);
  void release(size_t group, size_t page);

  std::shared_ptr<PagePools> pools_;
  int page_tokens_, window_;
  std::array<std::vector<PagePool::Ref>, model::kKvGroups> pages_;
  std::array<std::vector<std::byte*>, model::kKvGroups> tables_;  // what kernels walk
  std::vector<int> boundaries_;                                   // oldest first
  int first_local_ = 0;                                           // every local page before it is gone or pinned
};

}  // namespace facet::runtime
