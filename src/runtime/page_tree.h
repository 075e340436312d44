// Pages of many timelines as one tree: a page's children are the pages that have followed it. Timelines that begin
// alike share nodes, and the longest known beginning of a text is one walk from the root. Not thread-safe;
// prefix_cache.h is.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "model/kv_layout.h"
#include "runtime/page_id.h"
#include "runtime/page_pool.h"
#include "runtime/page_records.h"

namespace facet::runtime {

// Up to page_tokens positions after those of `parent`, with their state where it is known: global keys and values of
// all of them, local ones of the first n_local_rows(). A page's state holds for any text that begins as its own does.
struct PageNode {
  PageId id;
  PageNode* parent = nullptr;
  int index = -1;                        // of the page in its timeline; -1: the root, which is no page
  std::vector<PositionContent> content;  // fewer positions than a page has: the end of a text, and without children
  std::vector<PageNode*> children;
  std::array<PagePool::Ref, model::kKvGroups> pages;  // in memory
  std::array<PagePlace, model::kKvGroups> places;     // on disk
  std::array<bool, model::kKvGroups> is_writing{};    // on its way there
  int n_local = 0, n_stored_local = 0;                // rows of the local page in memory, and of the one on disk
  int n_local_rows() const noexcept { return std::max(n_local, n_stored_local); }
  std::array<uint64_t, model::kKvGroups> used{};  // when; a page's is never later than those of the pages before it
};

class PageTree {
 public:
  // page_bytes: of a page of each group; a group of 0 has no layers, and its state is always known.
  PageTree(const PageId& root, int page_tokens, std::array<size_t, model::kKvGroups> page_bytes);

  struct Match {
    PageNode* node;
    int n_common;  // positions, from the page's first on
  };
  // The pages of the longest beginning of `text` whose global state is known, first to last: the last of them may agree
  // in part. All of them count as used now.
  std::vector<Match> find(std::span<const PositionContent> text);

  // The node of these positions after `parent`: one that begins with them, else a new one without state, which takes
  // the place of partial pages that begin it.
  PageNode& insert(PageNode& parent, std::span<const PositionContent> content);

  void set_page(PageNode& node, model::KvGroup group, PagePool::Ref page);
  void set_local(PageNode& node, PagePool::Ref page, int n_rows);  // if they are more than it has

  // Where it lies on disk; n: positions whose state it holds there.
  void set_place(PageNode& node, model::KvGroup group, const PagePlace& place, int n);
  void drop_place(PageNode& node, model::KvGroup group);
  void drop_segments(std::span<const uint32_t> segments);  // all places in them

  PageNode* find(const PageId& id) const;  // or null

  // Writing it has come to an end. Nothing is kept of a node that knows nothing and leads nowhere.
  void end_writing(PageNode& node, model::KvGroup group);

  // Lets go of pages in memory: of what was not used for longest until `limit` bytes are left, with room for more: of a
  // text, its end goes first.
  void shrink(int64_t limit);

  // What follows is used later than all before.
  void tick() noexcept { ++clock_; }
  PageNode& root() noexcept { return *root_; }
  void touch(PageNode& node, model::KvGroup group) noexcept { node.used[static_cast<size_t>(group)] = clock_; }
  int64_t bytes() const noexcept { return bytes_; }
  size_t n_nodes() const noexcept { return nodes_.size(); }
  int64_t n_pages(model::KvGroup group) const noexcept { return n_pages_[static_cast<size_t>(group)]; }
  bool has_layers(model::KvGroup group) const noexcept { return page_bytes_[static_cast<size_t>(group)] > 0; }

  template <class F>
  void for_each(F&& f) const {
    for (const auto& [id, node] : nodes_) f(*node);
  }

 private:
  bool is_known(const PageNode& node) const noexcept;
  Match best_child(const PageNode& parent, std::span<const PositionContent> content) const;
  void absorb(PageNode& node, PageNode& part);
  void drop(PageNode& node, model::KvGroup group);
  void remove(PageNode& node);
  void prune(PageNode* node);

  int page_tokens_;
  std::array<size_t, model::kKvGroups> page_bytes_;
  std::unordered_map<PageId, std::unique_ptr<PageNode>, PageIdHash> nodes_;
  PageNode* root_;
  int64_t bytes_ = 0;
  std::array<int64_t, model::kKvGroups> n_pages_{};
  uint64_t clock_ = 0;
};

}  // namespace facet::runtime
