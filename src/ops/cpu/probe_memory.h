// Memory for measurements: larger than the caches, so that reading it is reading memory.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/thread_pool.h"

namespace facet::ops::cpu {

class ProbeMemory {
 public:
  // Whole ones are filled.
  static constexpr size_t kPieceBytes = 1 << 20;

  // Twice the last cache, and at least 256 MB; an eighth of the memory available at most. Every byte is the same, so
  // that they are blocks of any format whose scales are numbers of medium size. Throws ResourceError.
  explicit ProbeMemory(ThreadPool& threads);

  std::span<const std::byte> bytes() const noexcept { return {memory_.get(), n_bytes_}; }

 private:
  struct Unmap {
    size_t n_bytes;
    void operator()(std::byte* memory) const noexcept;
  };
  std::unique_ptr<std::byte[], Unmap> memory_;
  size_t n_bytes_;
};

}  // namespace facet::ops::cpu
