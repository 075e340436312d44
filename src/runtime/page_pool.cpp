#include "runtime/page_pool.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>

#include "base/error.h"

namespace facet::runtime {

struct PagePool::Page {
  std::atomic<int> n_refs{0};
  std::byte* bytes = nullptr;
  std::shared_ptr<Shared> pool;  // while it is in use; a freed page must not keep its pool alive
  Page* next_free = nullptr;
};

struct PagePool::Shared {
  explicit Shared(size_t bytes) : page_bytes(bytes) {}
  ~Shared() {
    while (free != nullptr) {
      Page* const page = std::exchange(free, free->next_free);
      page->~Page();
      std::free(page);
    }
  }

  Page* pop() noexcept {
    const std::lock_guard lock(mutex);
    if (free == nullptr) return nullptr;
    ++n_used;
    return std::exchange(free, free->next_free);
  }

  void push(Page* page) noexcept {
    const std::lock_guard lock(mutex);
    page->next_free = std::exchange(free, page);
    --n_used;
  }

  // calloc, since the system's fresh pages are zero already and become resident only as they are written.
  Page* allocate() {
    constexpr size_t kAlign = 64;
    void* const memory = std::calloc(1, sizeof(Page) + kAlign + page_bytes);
    if (memory == nullptr) throw_error<ShortageError>("no memory for another {} bytes of keys and values", page_bytes);
    Page* const page = new (memory) Page;
    const auto end = reinterpret_cast<uintptr_t>(memory) + sizeof(Page);
    page->bytes = static_cast<std::byte*>(memory) + sizeof(Page) + (kAlign - end % kAlign) % kAlign;
    const std::lock_guard lock(mutex);
    ++n_used;
    return page;
  }

  const size_t page_bytes;
  std::mutex mutex;
  Page* free = nullptr;
  int n_used = 0;
};

PagePool::PagePool(size_t page_bytes) : shared_(std::make_shared<Shared>(page_bytes)) {}

PagePool::Ref PagePool::take() {
  Page* page = shared_->pop();
  if (page == nullptr) page = shared_->allocate();
  page->pool = shared_;
  page->n_refs.store(1, std::memory_order_relaxed);
  return Ref(page);
}

size_t PagePool::page_bytes() const noexcept { return shared_->page_bytes; }

int PagePool::n_used() const noexcept {
  const std::lock_guard lock(shared_->mutex);
  return shared_->n_used;
}

PagePool::Ref::Ref(const Ref& other) noexcept : page_(other.page_) {
  if (page_ != nullptr) page_->n_refs.fetch_add(1, std::memory_order_relaxed);
}

PagePool::Ref::~Ref() {
  if (page_ == nullptr || page_->n_refs.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
  const std::shared_ptr<Shared> pool = std::move(page_->pool);
  pool->push(page_);
}

std::byte* PagePool::Ref::get() const noexcept { return page_ == nullptr ? nullptr : page_->bytes; }

bool PagePool::Ref::is_sole() const noexcept {
  return page_ != nullptr && page_->n_refs.load(std::memory_order_acquire) == 1;
}

}  // namespace facet::runtime
