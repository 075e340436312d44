#include "runtime/page_tree.h"

#include <algorithm>
#include <cassert>
#include <tuple>

namespace facet::runtime {
namespace {

constexpr auto kGlobalPages = static_cast<size_t>(model::KvGroup::Global);
constexpr auto kLocalPages = static_cast<size_t>(model::KvGroup::Local);

size_t n_alike(std::span<const PositionContent> a, std::span<const PositionContent> b) {
  return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

}  // namespace

PageTree::PageTree(const PageId& root, int page_tokens, std::array<size_t, model::kKvGroups> page_bytes)
    : page_tokens_(page_tokens), page_bytes_(page_bytes) {
  auto node = std::make_unique<PageNode>();
  node->id = root;
  root_ = node.get();
  nodes_.emplace(root, std::move(node));
}

bool PageTree::is_known(const PageNode& node) const noexcept {
  return page_bytes_[kGlobalPages] == 0 || node.pages[kGlobalPages] || node.places[kGlobalPages];
}

PageNode* PageTree::find(const PageId& id) const {
  const auto at = nodes_.find(id);
  return at == nodes_.end() ? nullptr : at->second.get();
}

// The child that agrees for longest; of several, the one with the most local rows.
PageTree::Match PageTree::best_child(const PageNode& parent, std::span<const PositionContent> content) const {
  Match best{nullptr, 0};
  int best_local = -1;
  for (PageNode* child : parent.children) {
    if (child->content[0] != content[0] || !is_known(*child)) continue;
    const int n = static_cast<int>(n_alike(child->content, content)), n_local = std::min(n, child->n_local_rows());
    if (std::tie(n, n_local) <= std::tie(best.n_common, best_local)) continue;
    best = {child, n};
    best_local = n_local;
  }
  return best;
}

std::vector<PageTree::Match> PageTree::find(std::span<const PositionContent> text) {
  tick();
  std::vector<Match> out;
  for (const PageNode* at = root_; !text.empty();) {
    const auto page = text.first(std::min(text.size(), static_cast<size_t>(page_tokens_)));
    const Match match = best_child(*at, page);
    if (match.node == nullptr) break;
    touch(*match.node, model::KvGroup::Global);
    out.push_back(match);
    if (match.n_common < page_tokens_) break;
    at = match.node;
    text = text.subspan(page.size());
  }
  return out;
}

PageNode& PageTree::insert(PageNode& parent, std::span<const PositionContent> content) {
  assert(!content.empty() && content.size() <= static_cast<size_t>(page_tokens_));
  std::vector<PageNode*> parts;
  for (PageNode* child : parent.children) {
    const size_t n = n_alike(child->content, content);
    if (n == content.size()) return *child;
    if (n == child->content.size()) parts.push_back(child);
  }
  auto owned = std::make_unique<PageNode>();
  PageNode& node = *owned;
  node.id = page_id(parent.id, content);
  node.parent = &parent;
  node.index = parent.index + 1;
  node.content.assign(content.begin(), content.end());
  node.used = {clock_, clock_};
  parent.children.push_back(&node);
  nodes_.emplace(node.id, std::move(owned));
  for (PageNode* part : parts) absorb(node, *part);
  return node;
}

// `part` begins as `node` does and has no children: what it knows, `node` knows.
void PageTree::absorb(PageNode& node, PageNode& part) {
  set_local(node, part.pages[kLocalPages], part.n_local);
  if (part.n_stored_local > node.n_stored_local)
    set_place(node, model::KvGroup::Local, part.places[kLocalPages], part.n_stored_local);
  remove(part);
}

void PageTree::set_page(PageNode& node, model::KvGroup group, PagePool::Ref page) {
  const auto g = static_cast<size_t>(group);
  if (page_bytes_[g] == 0) return;
  if (!node.pages[g]) {
    bytes_ += static_cast<int64_t>(page_bytes_[g]);
    ++n_pages_[g];
  }
  node.pages[g] = std::move(page);
}

void PageTree::set_local(PageNode& node, PagePool::Ref page, int n_rows) {
  if (n_rows <= node.n_local) return;
  node.n_local = n_rows;
  set_page(node, model::KvGroup::Local, std::move(page));
}

void PageTree::set_place(PageNode& node, model::KvGroup group, const PagePlace& place, int n) {
  node.places[static_cast<size_t>(group)] = place;
  if (group == model::KvGroup::Local) node.n_stored_local = n;
}

void PageTree::drop_place(PageNode& node, model::KvGroup group) {
  set_place(node, group, {}, 0);
  prune(&node);
}

void PageTree::drop_segments(std::span<const uint32_t> segments) {
  if (segments.empty()) return;
  std::vector<PageId> changed;  // pruning one may take others with it
  for (const auto& [id, node] : nodes_)
    for (const auto group : {model::KvGroup::Global, model::KvGroup::Local}) {
      const uint32_t segment = node->places[static_cast<size_t>(group)].segment;
      if (segment == 0 || std::find(segments.begin(), segments.end(), segment) == segments.end()) continue;
      set_place(*node, group, {}, 0);
      changed.push_back(id);
    }
  for (const PageId& id : changed)
    if (PageNode* node = find(id)) prune(node);
}

void PageTree::end_writing(PageNode& node, model::KvGroup group) {
  node.is_writing[static_cast<size_t>(group)] = false;
  prune(&node);
}

void PageTree::drop(PageNode& node, model::KvGroup group) {
  const auto g = static_cast<size_t>(group);
  if (group == model::KvGroup::Local) node.n_local = 0;
  if (!node.pages[g]) return;
  node.pages[g] = {};
  bytes_ -= static_cast<int64_t>(page_bytes_[g]);
  --n_pages_[g];
}

void PageTree::remove(PageNode& node) {
  assert(node.children.empty());
  drop(node, model::KvGroup::Global);
  drop(node, model::KvGroup::Local);
  std::erase(node.parent->children, &node);
  nodes_.erase(PageId(node.id));
}

// Nodes that know nothing and lead nowhere.
void PageTree::prune(PageNode* node) {
  const auto is_of_use = [](const PageNode& n, size_t g) { return n.pages[g] || n.places[g] || n.is_writing[g]; };
  while (node != root_ && node->children.empty() && !is_of_use(*node, kGlobalPages) && !is_of_use(*node, kLocalPages)) {
    PageNode* const parent = node->parent;
    remove(*node);
    node = parent;
  }
}

// A page was used no later than those before it, so in this order every page goes before what it needs. A sixteenth
// more than asked for goes, so that the order is made once for many pages.
void PageTree::shrink(int64_t limit) {
  if (bytes_ <= limit) return;
  struct Candidate {
    uint64_t used;
    int index;
    bool is_global;
    PageNode* node;
    auto order() const { return std::tuple(used, -index, is_global); }
  };
  std::vector<Candidate> all;
  for (const auto& [id, node] : nodes_)
    for (const size_t g : {kGlobalPages, kLocalPages})
      if (node->pages[g]) all.push_back({node->used[g], node->index, g == kGlobalPages, node.get()});
  std::sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) { return a.order() < b.order(); });
  for (const Candidate& c : all) {
    if (bytes_ <= limit - limit / 16) return;
    drop(*c.node, c.is_global ? model::KvGroup::Global : model::KvGroup::Local);
    prune(c.node);
  }
}

}  // namespace facet::runtime
