#include "runtime/prefix_cache.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <unordered_map>

#include "base/error.h"
#include "model/config.h"

namespace facet::runtime {

using model::KvGroup;

PrefixCache::PrefixCache(std::shared_ptr<const Engine> engine, const PrefixCacheOptions& options)
    : engine_(std::move(engine)),
      options_(options),
      memory_bytes_(options.memory_bytes > 0 ? options.memory_bytes : engine_->options().cache_bytes),
      page_tokens_(engine_->kv_layout().page_tokens),
      window_(engine_->config().window),
      tree_(model_fingerprint(*engine_), page_tokens_, engine_->kv_layout().page_bytes) {
  if (!options_.folder.empty()) open_disk(tree_.root().id);
}

// Pages that wait for the disk take half as much as the cache at most: most of them are in it.
void PrefixCache::open_disk(const PageId& model) {
  const auto& bytes = engine_->kv_layout().page_bytes;
  try {
    store_ = std::make_unique<PageStore>(fmt::format("{}/{:016x}{:016x}", options_.folder, model.high, model.low),
                                         PageFormat{model, {bytes[0], bytes[1]}}, options_.disk_bytes);
    std::ofstream(store_->folder() + "/model") << engine_->path() << '\n';  // for people
    restore(store_->take_found());
    writer_ = std::make_unique<PageWriter>(
        *store_, bytes, memory_bytes_ / 2,
        [this](const PageRecord& record, const PagePlace& place) { note_written(record, place); }, options_.on_warning);
  } catch (const ResourceError& error) {
    if (options_.on_warning) options_.on_warning(std::string(error.what()) + ": nothing is kept on disk");
  }
}

// The tree of what is on disk. Records whose predecessors are gone lead nowhere and are left out.
void PrefixCache::restore(std::vector<StoredPage> found) {
  std::unordered_multimap<PageId, const StoredPage*, PageIdHash> children;
  for (const StoredPage& page : found) children.emplace(page.record.previous, &page);
  std::vector<PageNode*> open = {&tree_.root()};
  while (!open.empty()) {
    PageNode& parent = *open.back();
    open.pop_back();
    const auto [begin, end] = children.equal_range(parent.id);
    for (auto child = begin; child != end; ++child) {
      const auto& [record, place] = *child->second;
      PageNode& node = tree_.insert(parent, record.content);
      const bool is_known = static_cast<bool>(node.places[static_cast<size_t>(record.group)]);
      if (record.group == KvGroup::Local ? record.n > node.n_stored_local : !is_known && record.id == node.id)
        tree_.set_place(node, record.group, place, record.n);
    }
    children.erase(begin, end);
    std::ranges::copy_if(parent.children, std::back_inserter(open), [this](const PageNode* node) {
      return static_cast<int>(node->content.size()) == page_tokens_;  // nothing follows a part of a page
    });
  }
}

std::vector<CachedPage> PrefixCache::find(std::span<const PositionContent> text) {
  const std::lock_guard lock(mutex_);
  std::vector<CachedPage> out;
  int n = 0;
  const auto found = tree_.find(text);
  for (const PageTree::Match& m : found) {
    n += m.n_common;
    out.push_back({m.node->id, m.n_common, std::min(m.n_common, m.node->n_local_rows()), false, m.node->pages});
    if (m.node->n_local < out.back().n_local) out.back().pages[1] = {};  // the one on disk has more
  }
  for (const PageTree::Match& m : found) {
    if (is_in_window(m.node->index, {&n, 1})) tree_.touch(*m.node, KvGroup::Local);
    if (store_ != nullptr) store_->touch(m.node->places[0]);
  }
  return out;
}

bool PrefixCache::load(CachedPage& page, KvGroup group) {
  const auto g = static_cast<size_t>(group);
  if (page.pages[g] || !tree_.has_layers(group)) return true;
  const std::lock_guard lock(mutex_);
  PageNode* const node = tree_.find(page.id);
  if (node == nullptr) return false;
  if (node->pages[g] && (group == KvGroup::Global || node->n_local >= page.n_local)) {
    page.pages[g] = node->pages[g];
    return true;
  }
  PagePool& pool = (*engine_->page_pools())[g];
  PagePool::Ref loaded = pool.take();
  // It may have been written anew since find(), with fewer rows.
  const bool is_stored = node->places[g] && (group == KvGroup::Global || node->n_stored_local >= page.n_local);
  if (!is_stored || !store_->read(node->places[g], {loaded.get(), pool.page_bytes()})) {
    tree_.drop_place(*node, group);
    return false;
  }
  page.pages[g] = loaded;
  page.is_from_disk = true;
  if (group == KvGroup::Global)
    tree_.set_page(*node, group, std::move(loaded));
  else
    tree_.set_local(*node, std::move(loaded), node->n_stored_local);
  tree_.shrink(memory_bytes_);
  return true;
}

// With the position before a boundary: who asks for the very same text computes its last token again.
bool PrefixCache::is_in_window(int page, std::span<const int> boundaries) const noexcept {
  const int begin = page * page_tokens_, end = begin + page_tokens_;
  return std::any_of(boundaries.begin(), boundaries.end(), [&](int b) { return begin < b && end > b - window_; });
}

void PrefixCache::publish(std::span<const PositionContent> text, const KvPages& pages, std::span<const int> boundaries,
                          bool is_end) {
  const std::lock_guard lock(mutex_);
  std::vector<PageNode*> nodes;
  PageNode* at = &tree_.root();
  tree_.tick();
  for (int page = 0; !text.empty(); ++page) {
    const int n = static_cast<int>(std::min(text.size(), static_cast<size_t>(page_tokens_)));
    if (n < page_tokens_ && !is_end) break;
    PageNode& node = tree_.insert(*at, text.first(static_cast<size_t>(n)));
    if (!node.pages[0] && static_cast<size_t>(n) == node.content.size())
      tree_.set_page(node, KvGroup::Global, pages.page(KvGroup::Global, page));
    tree_.touch(node, KvGroup::Global);
    if (auto local = pages.page(KvGroup::Local, page); local && (node.n_local > 0 || is_in_window(page, boundaries))) {
      tree_.set_local(node, std::move(local), n);
      tree_.touch(node, KvGroup::Local);
    }
    nodes.push_back(at = &node);
    text = text.subspan(static_cast<size_t>(n));
  }
  if (writer_ != nullptr && !boundaries.empty()) keep_on_disk(nodes);
  tree_.shrink(memory_bytes_);
}

void PrefixCache::keep_on_disk(std::span<PageNode* const> nodes) {
  for (PageNode* node : nodes) {
    if (node->pages[0] && !node->places[0]) write(*node, KvGroup::Global, static_cast<int>(node->content.size()));
    if (node->pages[1] && node->n_local > node->n_stored_local) write(*node, KvGroup::Local, node->n_local);
  }
}

void PrefixCache::write(PageNode& node, KvGroup group, int n) {
  const auto g = static_cast<size_t>(group);
  if (node.is_writing[g]) return;
  PageRecord record{node.id, node.parent->id, group, 0, 0, n, node.content};
  node.is_writing[g] = writer_->push(std::move(record), node.pages[g]);
}

void PrefixCache::note_written(const PageRecord& record, const PagePlace& place) {
  const std::lock_guard lock(mutex_);
  if (PageNode* const node = tree_.find(record.id)) {
    if (place) tree_.set_place(*node, record.group, place, record.n);
    tree_.end_writing(*node, record.group);
  }
  tree_.drop_segments(store_->take_removed());
}

void PrefixCache::flush() {
  if (writer_ != nullptr) writer_->flush();
}

PrefixCacheStats PrefixCache::stats() const {
  const std::lock_guard lock(mutex_);
  return {tree_.n_pages(KvGroup::Global), tree_.n_pages(KvGroup::Local), static_cast<int64_t>(tree_.n_nodes()) - 1,
          tree_.bytes(), store_ == nullptr ? 0 : store_->bytes()};
}

}  // namespace facet::runtime
