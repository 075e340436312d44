#include "runtime/kv_pages.h"

#include <algorithm>
#include <cstring>

namespace facet::runtime {
namespace {

constexpr auto kGlobal = static_cast<size_t>(model::KvGroup::Global);
constexpr auto kLocal = static_cast<size_t>(model::KvGroup::Local);

int64_t count_pages(int64_t n_tokens, int page_tokens) noexcept { return (n_tokens + page_tokens - 1) / page_tokens; }

}  // namespace

KvPages::KvPages(std::shared_ptr<PagePools> pools, int page_tokens, int window, int context)
    : pools_(std::move(pools)), page_tokens_(page_tokens), window_(window) {
  const auto n_pages = static_cast<size_t>((context + page_tokens - 1) / page_tokens);
  for (auto& table : tables_) table.assign(n_pages, nullptr);
  for (auto& pages : pages_) pages.resize(n_pages);
}

void KvPages::own(size_t group, size_t page) {
  PagePool& pool = (*pools_)[group];
  if (pool.page_bytes() == 0) return;
  PagePool::Ref& ref = pages_[group][page];
  if (!ref) {
    ref = pool.take();
  } else if (!ref.is_sole()) {
    PagePool::Ref copy = pool.take();
    std::memcpy(copy.get(), ref.get(), pool.page_bytes());
    ref = std::move(copy);
  }
  tables_[group][page] = ref.get();
}

void KvPages::release(size_t group, size_t page) {
  pages_[group][page] = {};
  tables_[group][page] = nullptr;
}

void KvPages::extend(int begin, int end) {
  for (int page = begin / page_tokens_; page * page_tokens_ < end; ++page) {
    own(kGlobal, static_cast<size_t>(page));
    own(kLocal, static_cast<size_t>(page));
  }
}

bool KvPages::is_pinned(int page) const noexcept {
  const int first = page * page_tokens_, last = first + page_tokens_ - 1;
  return std::any_of(boundaries_.begin(), boundaries_.end(),
                     [&](int boundary) { return first < boundary && last >= boundary - window_; });
}

void KvPages::advance(int end) {
  const int first_needed = std::max(0, end - window_ + 1) / page_tokens_;
  for (; first_local_ < first_needed; ++first_local_) {
    if (is_pinned(first_local_)) continue;
    release(kLocal, static_cast<size_t>(first_local_));
  }
}

void KvPages::pin_boundary(int position) {
  std::erase(boundaries_, position);
  boundaries_.push_back(position);
  if (boundaries_.size() <= kMaxBoundaries) return;
  boundaries_.erase(boundaries_.begin());
  for (int page = 0; page < first_local_; ++page) {
    if (tables_[kLocal][static_cast<size_t>(page)] == nullptr || is_pinned(page)) continue;
    release(kLocal, static_cast<size_t>(page));
  }
}

// Of a local page, how many rows are known, from the first on.
int KvPages::local_rows(int page, int length, std::span<const int> elsewhere) const noexcept {
  const auto i = static_cast<size_t>(page);
  const int own = tables_[kLocal][i] == nullptr ? 0 : std::clamp(length - page * page_tokens_, 0, page_tokens_);
  return std::max(own, i < elsewhere.size() ? elsewhere[i] : 0);
}

bool KvPages::has_window(int position, int length, std::span<const int> elsewhere) const noexcept {
  for (int page = std::max(0, position - window_ + 1) / page_tokens_; page * page_tokens_ < position; ++page)
    if (local_rows(page, length, elsewhere) < std::min(page_tokens_, position - page * page_tokens_)) return false;
  return true;
}

int KvPages::resumable(int n, int length, std::span<const int> elsewhere) const noexcept {
  if ((*pools_)[kLocal].page_bytes() == 0) return n;
  for (int page = (n + page_tokens_ - 1) / page_tokens_ - 1; page >= 0; --page) {
    const int position = std::min(n, page * page_tokens_ + local_rows(page, length, elsewhere));
    if (position > page * page_tokens_ && has_window(position, length, elsewhere)) return position;
  }
  return 0;
}

void KvPages::adopt(model::KvGroup group, int page, PagePool::Ref ref) {
  const size_t g = index(group), i = static_cast<size_t>(page);
  pages_[g][i] = std::move(ref);
  tables_[g][i] = pages_[g][i].get();
  if (group == model::KvGroup::Local) first_local_ = std::min(first_local_, page);
}

void KvPages::truncate(int n) {
  const int first_gone = (n + page_tokens_ - 1) / page_tokens_;
  for (size_t group = 0; group < pages_.size(); ++group)
    for (auto page = static_cast<size_t>(first_gone); page < pages_[group].size(); ++page) release(group, page);
  std::erase_if(boundaries_, [n](int boundary) { return boundary > n; });
  first_local_ = std::min(first_local_, std::max(0, n - window_ + 1) / page_tokens_);
}

std::array<std::byte* const*, model::kKvGroups> KvPages::tables() const noexcept {
  return {tables_[kGlobal].data(), tables_[kLocal].data()};
}

// A chunk with the window before it, and the window before each boundary; a span that begins anywhere in a page takes
// one page more than one that begins with it.
int64_t KvPages::max_local_pages(int page_tokens, int window, int chunk, int context) noexcept {
  const int64_t computed = count_pages(int64_t{window} + chunk, page_tokens) + 1;
  const int64_t pinned = kMaxBoundaries * (count_pages(window, page_tokens) + 1);
  return std::min(count_pages(context, page_tokens), computed + pinned);
}

int64_t KvPages::bytes() const noexcept {
  int64_t n = 0;
  for (size_t group = 0; group < tables_.size(); ++group)
    n += static_cast<int64_t>((*pools_)[group].page_bytes()) *
         std::count_if(tables_[group].begin(), tables_[group].end(), [](const std::byte* p) { return p != nullptr; });
  return n;
}

}  // namespace facet::runtime
