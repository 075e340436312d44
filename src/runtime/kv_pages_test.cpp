#include "runtime/kv_pages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <set>
#include <thread>

namespace facet::runtime {
namespace {

constexpr int kPage = 4, kWindow = 6, kContext = 200;
constexpr size_t kGlobal = 0, kLocal = 1;

std::shared_ptr<PagePools> make_pools(size_t local_bytes = kPage * sizeof(int)) {
  return std::make_shared<PagePools>(PagePools{PagePool(kPage * sizeof(int)), PagePool(local_bytes)});
}

// Pages that hold one number a position, and what the numbers should be.
class Timeline {
 public:
  explicit Timeline(const std::shared_ptr<PagePools>& pools) : pages_(pools, kPage, kWindow, kContext) {}

  int length() const { return static_cast<int>(values_.size()); }
  KvPages& pages() { return pages_; }
  const KvPages& pages() const { return pages_; }

  void compute(int n, int value) {
    const int begin = length(), end = begin + n;
    pages_.extend(begin, end);
    for (int p = begin; p < end; ++p) {
      values_.push_back(value + p);
      for (const size_t group : {kGlobal, kLocal}) std::memcpy(at(group, p), &values_.back(), sizeof(int));
    }
    pages_.advance(end);
  }

  // Back to n, or to where computing can go on before it.
  int rewind(int n) {
    const int to = pages_.resumable(n);
    EXPECT_LE(to, n);
    pages_.truncate(to);
    values_.resize(static_cast<size_t>(to));
    return to;
  }

  // All that a query at the end can look at is there.
  void expect_whole() const {
    for (int p = 0; p < length(); ++p) {
      ASSERT_EQ(read(kGlobal, p), values_[static_cast<size_t>(p)]) << "position " << p;
      if (p > length() - kWindow) {
        ASSERT_EQ(read(kLocal, p), values_[static_cast<size_t>(p)]) << "position " << p;
      }
    }
  }

  int64_t n_local() const {
    int64_t n = 0;
    for (int page = 0; page < kContext / kPage; ++page) n += has_local(page);
    return n;
  }
  bool has_local(int page) const { return pages_.tables()[kLocal][page] != nullptr; }

  void collect(std::array<std::set<const std::byte*>, 2>& pages) const {
    for (const size_t group : {kGlobal, kLocal})
      for (int p = 0; p < kContext / kPage; ++p)
        if (const std::byte* page = pages_.tables()[group][p]) pages[group].insert(page);
  }

 private:
  std::byte* at(size_t group, int p) const {
    return pages_.tables()[group][p / kPage] + static_cast<size_t>(p % kPage) * sizeof(int);
  }
  int read(size_t group, int p) const {
    if (pages_.tables()[group][p / kPage] == nullptr) return -1;
    int value;
    std::memcpy(&value, at(group, p), sizeof value);
    return value;
  }

  KvPages pages_;
  std::vector<int> values_;
};

TEST(PagePool, PagesAreAlignedZeroedAndUsedAgain) {
  PagePool pool(1000);
  EXPECT_EQ(pool.page_bytes(), 1000u);
  std::byte* first;
  {
    const PagePool::Ref page = pool.take();
    first = page.get();
    EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % 64, 0u);
    EXPECT_TRUE(std::all_of(first, first + 1000, [](std::byte b) { return b == std::byte{0}; }));
    EXPECT_EQ(pool.n_used(), 1);
  }
  EXPECT_EQ(pool.n_used(), 0);
  const PagePool::Ref again = pool.take(), other = pool.take();
  EXPECT_EQ(again.get(), first);
  EXPECT_NE(other.get(), first);
  EXPECT_EQ(pool.n_used(), 2);
}

TEST(PagePool, ReferencesCount) {
  PagePool pool(64);
  PagePool::Ref none;
  EXPECT_FALSE(none);
  EXPECT_FALSE(none.is_sole());
  PagePool::Ref a = pool.take();
  EXPECT_TRUE(a.is_sole());
  PagePool::Ref b = a;
  EXPECT_FALSE(a.is_sole());
  EXPECT_EQ(a.get(), b.get());
  PagePool::Ref c = std::move(b);
  EXPECT_FALSE(b);  // NOLINT: the moved-from state is what is tested
  EXPECT_EQ(pool.n_used(), 1);
  a = {};
  EXPECT_TRUE(c.is_sole());
  c = c;  // NOLINT: neither lost nor freed
  EXPECT_TRUE(c.is_sole());
  c = {};
  EXPECT_EQ(pool.n_used(), 0);
}

TEST(PagePool, PagesOutliveIt) {
  auto pool = std::make_unique<PagePool>(64);
  const PagePool::Ref page = pool->take();
  pool.reset();
  std::memset(page.get(), 1, 64);
}

TEST(PagePool, IsSharedByThreads) {
  PagePool pool(256);
  const PagePool::Ref shared = pool.take();
  const auto work = [&] {
    for (int i = 0; i < 2000; ++i) {
      PagePool::Ref mine = pool.take(), other = shared;
      std::memset(mine.get(), i, 256);
      mine = other;
    }
  };
  std::thread a(work), b(work);
  a.join();
  b.join();
  EXPECT_TRUE(shared.is_sole());
  EXPECT_EQ(pool.n_used(), 1);
}

TEST(KvPages, LocalPagesAWindowBehindAreLetGo) {
  const auto pools = make_pools();
  Timeline t(pools);
  t.compute(20, 0);
  // The query at 20 sees 15 to 20: pages of 0 to 11 are behind it, the page of 12 to 15 is not.
  for (int page = 0; page < 5; ++page) EXPECT_EQ(t.has_local(page), page >= 3) << page;
  EXPECT_EQ((*pools)[kGlobal].n_used(), 5);
  EXPECT_EQ((*pools)[kLocal].n_used(), 2);
  EXPECT_EQ(t.pages().bytes(), static_cast<int64_t>(7 * kPage * sizeof(int)));
  t.expect_whole();
}

TEST(KvPages, BoundariesKeepTheirWindow) {
  const auto pools = make_pools();
  Timeline t(pools);
  t.compute(10, 0);
  t.pages().pin_boundary(10);
  t.compute(30, 0);
  for (int page = 0; page < 10; ++page) EXPECT_EQ(t.has_local(page), page == 1 || page == 2 || page >= 8) << page;
  EXPECT_EQ(t.pages().resumable(40), 40);
  EXPECT_EQ(t.pages().resumable(36), 12);  // the end of the last page that was kept
  EXPECT_EQ(t.pages().resumable(10), 10);
  EXPECT_EQ(t.pages().resumable(9), 9);  // a query at 9 sees 4, which is in a page that was kept; one at 8 sees 3
  EXPECT_EQ(t.pages().resumable(8), 0);
  EXPECT_EQ(t.rewind(25), 12);
  t.expect_whole();
  t.compute(3, 1000);
  t.expect_whole();
}

TEST(KvPages, TheOldestBoundaryIsForgotten) {
  const auto pools = make_pools();
  Timeline t(pools);
  for (int i = 0; i <= KvPages::kMaxBoundaries; ++i) {
    t.compute(16, 0);
    t.pages().pin_boundary(t.length());
    if (i == 2) t.pages().pin_boundary(16);  // used again: no longer the oldest
  }
  EXPECT_EQ(t.pages().resumable(16), 16);
  EXPECT_EQ(t.pages().resumable(32), 16);  // 32 was the oldest
  EXPECT_FALSE(t.has_local(7));
  EXPECT_EQ(t.pages().resumable(48), 48);
  EXPECT_EQ(t.pages().resumable(80), 80);
}

TEST(KvPages, AsManyPagesAsBoundariesKeep) {
  constexpr int kChunk = 12;
  const int64_t most = KvPages::max_local_pages(kPage, kWindow, kChunk, kContext);
  EXPECT_EQ(most, 6 + 4 * 3);
  Timeline t(make_pools());
  int64_t n_held = 0;
  while (t.length() + 2 * kChunk <= kContext) {  // each boundary a window and more behind the last
    for (const int n : {kChunk, kChunk}) {
      t.compute(n, 0);
      n_held = std::max(n_held, t.n_local());
    }
    t.pages().pin_boundary(t.length());
  }
  EXPECT_GT(n_held, KvPages::kMaxBoundaries * 2);
  EXPECT_LE(n_held, most);
  EXPECT_EQ(KvPages::max_local_pages(kPage, kWindow, kChunk, 30), 8);  // never more than there are
}

TEST(KvPages, BoundariesPastTheEndAreForgotten) {
  const auto pools = make_pools();
  Timeline t(pools);
  t.compute(12, 0);
  t.pages().pin_boundary(12);
  t.compute(20, 0);
  EXPECT_EQ(t.rewind(12), 12);
  EXPECT_EQ(t.rewind(10), 10);  // of the pinned pages
  t.compute(40, 500);
  EXPECT_EQ(t.pages().resumable(12), 0);
  for (int page = 0; page < 11; ++page) EXPECT_FALSE(t.has_local(page)) << page;
  t.expect_whole();
}

TEST(KvPages, APartialPageIsCopiedWhenShared) {
  const auto pools = make_pools();
  Timeline a(pools);
  a.compute(10, 0);
  Timeline b = a;
  EXPECT_EQ((*pools)[kGlobal].n_used(), 3);
  a.compute(1, 100);
  b.compute(1, 200);
  EXPECT_EQ((*pools)[kGlobal].n_used(), 4);  // only the last page was copied, and only once
  EXPECT_EQ((*pools)[kLocal].n_used(), 3);
  EXPECT_EQ(a.pages().tables()[kGlobal][1], b.pages().tables()[kGlobal][1]);
  EXPECT_NE(a.pages().tables()[kGlobal][2], b.pages().tables()[kGlobal][2]);
  a.expect_whole();
  b.expect_whole();
}

TEST(KvPages, WithoutLocalLayersEverythingIsResumable) {
  const auto pools = make_pools(0);
  KvPages pages(pools, kPage, 0, kContext);
  pages.extend(0, kContext);
  pages.advance(kContext);
  EXPECT_EQ((*pools)[kLocal].n_used(), 0);
  for (int n = 0; n <= kContext; ++n) EXPECT_EQ(pages.resumable(n), n);
}

TEST(KvPages, AContextOfPartOfAPage) {
  const auto pools = make_pools();
  KvPages pages(pools, kPage, kWindow, 7);
  pages.extend(0, 7);
  pages.advance(7);
  EXPECT_NE(pages.tables()[kGlobal][1], nullptr);
}

// Many timelines that fork, rewind, extend and end: nobody's numbers change under him, and the pool holds exactly the
// pages that somebody refers to.
TEST(KvPages, RandomSchedules) {
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](int n) { return static_cast<int>(random() % static_cast<uint32_t>(n)); };
    const auto pools = make_pools();
    std::vector<Timeline> all;
    constexpr int kChunk = 25;
    const int64_t most = KvPages::max_local_pages(kPage, kWindow, kChunk, kContext);
    for (int step = 0; step < 600; ++step) {
      if (all.empty()) all.emplace_back(pools);
      const auto i = static_cast<size_t>(below(static_cast<int>(all.size())));
      switch (below(6)) {
        case 0:
          if (all.size() < 7) all.push_back(all[i]);
          break;
        case 1:
          all[i].rewind(below(all[i].length() + 1));
          break;
        case 2:
          if (all[i].length() > 0) all[i].pages().pin_boundary(all[i].length());
          break;
        case 3:
          if (below(5) == 0) all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
          break;
        default:
          all[i].compute(std::min(1 + below(kChunk), kContext - all[i].length()), 1000 * step);
      }
      std::array<std::set<const std::byte*>, 2> pages;
      for (const Timeline& t : all) {
        ASSERT_NO_FATAL_FAILURE(t.expect_whole()) << "seed " << seed << ", step " << step;
        ASSERT_LE(t.n_local(), most) << "seed " << seed << ", step " << step;
        t.collect(pages);
      }
      for (const size_t group : {kGlobal, kLocal})
        ASSERT_EQ(static_cast<size_t>((*pools)[group].n_used()), pages[group].size())
            << "seed " << seed << ", step " << step;
    }
  }
}

}  // namespace
}  // namespace facet::runtime
