#include "ops/cpu/probe_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/system_memory.h"

namespace facet::ops::cpu {
namespace {

size_t probe_bytes() {
  size_t n = 256 << 20;
#ifdef _SC_LEVEL3_CACHE_SIZE
  if (const long cache = sysconf(_SC_LEVEL3_CACHE_SIZE); cache > 0) n = std::max(n, 2 * static_cast<size_t>(cache));
#endif
  if (const int64_t memory = available_memory(); memory > 0) n = std::min(n, static_cast<size_t>(memory / 8));
  return std::max(n / ProbeMemory::kPieceBytes, size_t{1}) * ProbeMemory::kPieceBytes;
}

}  // namespace

void ProbeMemory::Unmap::operator()(std::byte* memory) const noexcept { munmap(memory, n_bytes); }

ProbeMemory::ProbeMemory(ThreadPool& threads) : n_bytes_(probe_bytes()) {
  constexpr int kFill = 0x2c;  // 0.065 as f16
  void* memory = mmap(nullptr, n_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw_error<ResourceError>("no memory for a probe of {} MB", n_bytes_ >> 20);
#ifdef MADV_HUGEPAGE
  madvise(memory, n_bytes_, MADV_HUGEPAGE);
#endif
  memory_ = std::unique_ptr<std::byte[], Unmap>(static_cast<std::byte*>(memory), Unmap{n_bytes_});
  threads.run(static_cast<int>(n_bytes_ / kPieceBytes), [&](int piece, int) {
    std::memset(memory_.get() + static_cast<size_t>(piece) * kPieceBytes, kFill, kPieceBytes);
  });
}

}  // namespace facet::ops::cpu
