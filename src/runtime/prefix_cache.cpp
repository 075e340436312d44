#include "runtime/prefix_cache.h"

#include <algorithm>

#include "model/config.h"

namespace facet::runtime {

using model::KvGroup;

PrefixCache::PrefixCache(std::shared_ptr<const Engine> engine, const PrefixCacheOptions& options)
    : engine_(std::move(engine)),
      options_(options),
      page_tokens_(engine_->kv_layout().page_tokens),
      window_(engine_->config().window),
      tree_(model_fingerprint(*engine_), page_tokens_, engine_->kv_layout().page_bytes) {}

std::vector<CachedPage> PrefixCache::find(std::span<const PositionContent> text) {
  const std::lock_guard lock(mutex_);
  std::vector<CachedPage> out;
  int n = 0;
  const auto found = tree_.find(text);
  for (const PageTree::Match& m : found) {
    n += m.n_common;
    out.push_back({m.n_common, std::min(m.n_common, m.node->n_local), m.node->pages});
  }
  for (const PageTree::Match& m : found)
    if (is_in_window(m.node->index, {&n, 1})) tree_.touch(*m.node, KvGroup::Local);
  return out;
}

// With the position before a boundary: who asks for the very same text computes its last token again.
bool PrefixCache::is_in_window(int page, std::span<const int> boundaries) const noexcept {
  const int begin = page * page_tokens_, end = begin + page_tokens_;
  return std::any_of(boundaries.begin(), boundaries.end(), [&](int b) { return begin < b && end > b - window_; });
}

void PrefixCache::publish(std::span<const PositionContent> text, const KvPages& pages, std::span<const int> boundaries,
                          bool is_end) {
  const std::lock_guard lock(mutex_);
  PageNode* at = &tree_.root();
  tree_.tick();
  for (int page = 0; !text.empty(); ++page) {
    const int n = static_cast<int>(std::min(text.size(), static_cast<size_t>(page_tokens_)));
    if (n < page_tokens_ && !is_end) break;
    PageNode& node = tree_.insert(*at, text.first(static_cast<size_t>(n)));
    if (!node.pages[0]) tree_.set_page(node, KvGroup::Global, pages.page(KvGroup::Global, page));
    tree_.touch(node, KvGroup::Global);
    if (auto local = pages.page(KvGroup::Local, page); local && (node.n_local > 0 || is_in_window(page, boundaries))) {
      tree_.set_local(node, std::move(local), n);
      tree_.touch(node, KvGroup::Local);
    }
    at = &node;
    text = text.subspan(static_cast<size_t>(n));
  }
  tree_.shrink(options_.memory_bytes);
}

PrefixCacheStats PrefixCache::stats() const {
  const std::lock_guard lock(mutex_);
  return {tree_.n_pages(KvGroup::Global), tree_.n_pages(KvGroup::Local), tree_.bytes()};
}

}  // namespace facet::runtime
