// Counts the allocations of a test program: one of its files includes this, which replaces operator new and delete.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace facet {
inline std::atomic<int64_t> n_allocations{0}, n_allocated_bytes{0};

inline void* counted_malloc(size_t n) noexcept {
  ++n_allocations;
  n_allocated_bytes += static_cast<int64_t>(n);
  return std::malloc(n > 0 ? n : 1);
}
}  // namespace facet

#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // it looks into one of a pair and not into the other
#endif

void* operator new(size_t n) {
  if (void* p = facet::counted_malloc(n)) return p;
  throw std::bad_alloc();
}
// The other forms come here by themselves, but not under a sanitizer.
void* operator new[](size_t n) { return operator new(n); }
void* operator new(size_t n, const std::nothrow_t&) noexcept { return facet::counted_malloc(n); }
void* operator new[](size_t n, const std::nothrow_t&) noexcept { return facet::counted_malloc(n); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { std::free(p); }
