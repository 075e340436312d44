// Memory for keys and values in pages of one size: counted references, and freed pages kept for the next taker.
// Thread-safe; a page may outlive its pool.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace facet::runtime {

class PagePool {
  struct Page;
  struct Shared;

 public:
  explicit PagePool(size_t page_bytes);

  // One of the owners of a page, or of none.
  class Ref {
   public:
    Ref() = default;
    Ref(const Ref& other) noexcept;
    Ref(Ref&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}
    Ref& operator=(Ref other) noexcept {
      std::swap(page_, other.page_);
      return *this;
    }
    ~Ref();

    explicit operator bool() const noexcept { return page_ != nullptr; }
    std::byte* get() const noexcept;
    // Nobody else refers to the page, and what others did with it happened before.
    bool is_sole() const noexcept;

   private:
    friend class PagePool;
    explicit Ref(Page* page) noexcept : page_(page) {}
    Page* page_ = nullptr;
  };

  // A page of zeros or of what its last owner left; 64-byte aligned. Throws ResourceError without memory.
  Ref take();

  size_t page_bytes() const noexcept;
  int n_used() const noexcept;  // pages that somebody refers to

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace facet::runtime
