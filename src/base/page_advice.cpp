#include "base/page_advice.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>

#include "base/error.h"

namespace facet {
namespace {

constexpr int kPopulateRead = 22;  // MADV_POPULATE_READ, Linux 5.14, which older headers lack
// Mapped at once: other threads' changes of the address space wait meanwhile, about 0.1 ms.
constexpr size_t kPiece = 2 << 20;
// Pieces asked of the disk ahead of that: enough to keep its queue full.
constexpr size_t kAhead = 8;

// The whole pages that hold any of the bytes.
bool advise(std::span<const std::byte> bytes, int advice) noexcept {
  if (bytes.empty()) return true;
  static const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(bytes.data()) / page * page;
  const auto end = reinterpret_cast<uintptr_t>(bytes.data() + bytes.size());
  return madvise(reinterpret_cast<void*>(begin), end - begin, advice) == 0;
}

}  // namespace

void expect_single_rows(std::span<const std::byte> table) noexcept { advise(table, MADV_RANDOM); }
void start_reading(std::span<const std::byte> bytes) noexcept { advise(bytes, MADV_WILLNEED); }

void lock_in_memory(const std::vector<std::span<const std::byte>>& ranges) {
  size_t n_bytes = 0;
  for (const auto range : ranges) n_bytes += range.size();
  for (const auto range : ranges) {
    if (range.empty() || mlock(range.data(), range.size()) == 0) continue;
    const int reason = errno;
    rlimit limit{};
    getrlimit(RLIMIT_MEMLOCK, &limit);
    const bool is_limited = limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < n_bytes;
    throw_error<ResourceError>(
        "cannot lock {:.2f} GB in memory: {}", static_cast<double>(n_bytes) / 1e9,
        is_limited
            ? fmt::format("the limit is {} KB: raise it (ulimit -l), or do without locking", limit.rlim_cur / 1024)
            : std::strerror(reason));
  }
}

ReadAhead::ReadAhead(const std::vector<std::span<const std::byte>>& ranges) {
  for (std::span<const std::byte> range : ranges)
    for (; !range.empty(); range = range.subspan(pieces_.back().size()))
      pieces_.push_back(range.first(std::min(kPiece, range.size())));
  sigset_t all, before;  // as in ThreadPool: signals are for threads that wait for them
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    done_ = true;  // without a thread pages come when they are used
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ReadAhead::~ReadAhead() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

double ReadAhead::share_done() const noexcept {
  return done_ || pieces_.empty() ? 1 : static_cast<double>(n_read_) / static_cast<double>(pieces_.size());
}

void ReadAhead::run() noexcept {
  bool can_map = true;  // an older kernel reads ahead and leaves mapping to whoever comes
  size_t asked = 0;
  for (size_t i = 0; i < pieces_.size() && !stop_; ++i) {
    for (; asked < std::min(i + kAhead, pieces_.size()); ++asked) start_reading(pieces_[asked]);
    can_map = can_map && advise(pieces_[i], kPopulateRead);
    n_read_ = i + 1;
  }
  done_ = true;
}

}  // namespace facet
