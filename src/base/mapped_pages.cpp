#include "base/mapped_pages.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>

namespace facet {
namespace {

// All that the handler touches is here: lock-free atomics. A process has one table since it has one handler.
struct Range {
  std::atomic<bool> taken{false}, lost{false};
  std::atomic<uintptr_t> begin{0}, end{0};  // end 0: not watched yet, or no longer
};
static_assert(std::atomic<uintptr_t>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);
constexpr size_t kRanges = 1024;  // ten times the shards of the largest models
std::array<Range, kRanges> watched;
std::atomic<size_t> n_ever{0};  // ranges that were watched at some time: the others are not looked at
uintptr_t page_bytes = 4096;
struct sigaction action_before;

Range* find_range(uintptr_t address) noexcept {
  for (size_t i = 0; i < n_ever; ++i)
    if (Range& r = watched[i]; r.begin <= address && address < r.end) return &r;
  return nullptr;
}

// Zeros take the place of the page and of what follows it, which is lost too when the file was cut short. Of a page
// that the disk does not give, the others around may be fine.
bool replace(const Range& r, uintptr_t address, int code) noexcept {
  const uintptr_t page = address / page_bytes * page_bytes;
  const size_t n = code == BUS_ADRERR ? r.end - page : page_bytes;
  return mmap(reinterpret_cast<void*>(page), n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
         MAP_FAILED;
}

// Only system calls and atomics: it may interrupt anything.
void on_bus_error(int number, siginfo_t* info, void* context) noexcept {
  const int errno_before = errno;
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  Range* const range = info->si_code > 0 ? find_range(address) : nullptr;  // 0 and below: sent by a process
  if (range != nullptr && replace(*range, address, info->si_code)) {
    range->lost = true;
  } else if ((action_before.sa_flags & SA_SIGINFO) != 0) {
    action_before.sa_sigaction(number, info, context);
  } else {
    sigaction(SIGBUS, &action_before, nullptr);  // the access is tried again, and this time fails as it did before
    if (info->si_code <= 0) raise(SIGBUS);
  }
  errno = errno_before;
}

}  // namespace

void survive_lost_pages() noexcept {
  static std::once_flag once;
  std::call_once(once, [] {
    page_bytes = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    struct sigaction action {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &action_before);
  });
}

void let_go(std::span<const std::byte> bytes) noexcept {
  constexpr uintptr_t kAround = 64 << 10;  // what the kernel maps at a fault, aligned so
  const auto first = reinterpret_cast<uintptr_t>(bytes.data()), last = first + bytes.size();
  const Range* const range = bytes.empty() ? nullptr : find_range(first);
  if (range == nullptr || last > range->end) return;
  const uintptr_t begin = std::max(first / kAround * kAround, range->begin.load());
  const uintptr_t end = std::min((last + kAround - 1) / kAround * kAround, range->end.load());
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

int watch_pages(const void* begin, size_t n_bytes) noexcept {
  for (size_t i = 0; i < kRanges; ++i) {
    Range& r = watched[i];
    if (r.taken.exchange(true)) continue;
    r.lost = false;
    for (size_t n = n_ever; n <= i && !n_ever.compare_exchange_weak(n, i + 1);) {
    }
    r.begin = reinterpret_cast<uintptr_t>(begin);
    // To the end of its last page, of which the tail is mapped too.
    r.end = (reinterpret_cast<uintptr_t>(begin) + n_bytes + page_bytes - 1) / page_bytes * page_bytes;
    return static_cast<int>(i);
  }
  return -1;
}

void unwatch_pages(int watch) noexcept {
  if (watch < 0) return;
  Range& r = watched[static_cast<size_t>(watch)];
  r.end = 0;
  r.taken = false;
}

bool has_lost_pages(int watch) noexcept { return watch >= 0 && watched[static_cast<size_t>(watch)].lost; }

}  // namespace facet
