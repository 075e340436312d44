#include "ops/cpu/ceilings.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "base/error.h"
#include "base/system_memory.h"

namespace facet::ops::cpu {
namespace {

constexpr size_t kProbeTaskBytes = 1 << 20;
constexpr int kRepeats = 4;
// Operations of one task: about a millisecond, so that starting the threads does not count.
constexpr int kTaskOperations = 100'000'000, kTasksPerThread = 8;

// Twice the last cache, and at least 256 MB; an eighth of the memory available at most.
size_t buffer_bytes() {
  size_t n = 256 << 20;
#ifdef _SC_LEVEL3_CACHE_SIZE
  if (const long cache = sysconf(_SC_LEVEL3_CACHE_SIZE); cache > 0) n = std::max(n, 2 * static_cast<size_t>(cache));
#endif
  if (const int64_t memory = available_memory(); memory > 0) n = std::min(n, static_cast<size_t>(memory / 8));
  return std::max(n / kProbeTaskBytes, size_t{1}) * kProbeTaskBytes;
}

// Reads as fast as memory delivers: independent sums, and a hint far enough ahead to cross page borders.
uint64_t sum(const uint64_t* words, size_t n) noexcept {
  constexpr size_t kSums = 32, kAhead = 512;
  uint64_t sums[kSums] = {};
  for (size_t i = 0; i < n; i += kSums) {
    for (size_t k = 0; k < kSums; k += 8) __builtin_prefetch(words + i + k + kAhead);
    for (size_t k = 0; k < kSums; ++k) sums[k] += words[i + k];
  }
  uint64_t total = 0;
  for (const uint64_t s : sums) total += s;
  return total;
}

template <class Work>
double seconds(Work&& work) noexcept {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

void CeilingProbe::Unmap::operator()(uint64_t* words) const noexcept { munmap(words, n_bytes); }

CeilingProbe::CeilingProbe(ThreadPool& threads, const kernels::Kernels& kernels, Activations activations)
    : threads_(threads), kernels_(kernels), activations_(activations) {
  const size_t n_bytes = buffer_bytes();
  void* memory = mmap(nullptr, n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw_error<ResourceError>("no memory for a probe of {} MB", n_bytes >> 20);
#ifdef MADV_HUGEPAGE
  madvise(memory, n_bytes, MADV_HUGEPAGE);
#endif
  words_ = std::unique_ptr<uint64_t[], Unmap>(static_cast<uint64_t*>(memory), Unmap{n_bytes});
  n_words_ = n_bytes / sizeof(uint64_t);
  constexpr size_t kTaskWords = kProbeTaskBytes / sizeof(uint64_t);
  threads_.run(static_cast<int>(n_words_ / kTaskWords), [&](int task, int) {
    std::fill_n(words_.get() + static_cast<size_t>(task) * kTaskWords, kTaskWords, uint64_t{1});
  });
}

double CeilingProbe::read_seconds() noexcept {
  constexpr size_t kTaskWords = kProbeTaskBytes / sizeof(uint64_t);
  std::atomic<uint64_t> total{0};  // used, so that the reads are
  return seconds([&] {
    threads_.run(static_cast<int>(n_words_ / kTaskWords), [&](int task, int) {
      total += sum(words_.get() + static_cast<size_t>(task) * kTaskWords, kTaskWords);
    });
  });
}

double CeilingProbe::operations_per_second(const kernels::PanelKernels& panels) noexcept {
  std::atomic<float> last{0};
  const int n_steps = kTaskOperations / panels.peak_operations, n_tasks = threads_.count() * kTasksPerThread;
  const double s = seconds([&] { threads_.run(n_tasks, [&](int, int) { last = panels.peak(n_steps); }); });
  return static_cast<double>(n_steps) * panels.peak_operations * n_tasks / s;
}

Ceilings CeilingProbe::sample() noexcept {
  using Kind = kernels::PanelKind;
  const auto last_kind = static_cast<size_t>(activations_ == Activations::F32     ? Kind::F32
                                             : activations_ == Activations::Int16 ? Kind::Int16
                                                                                  : Kind::BF16);
  double read = read_seconds(), operations = 0;
  for (int i = 1; i < kRepeats; ++i) read = std::min(read, read_seconds());
  for (int i = 0; i < kRepeats; ++i)
    for (size_t kind = 0; kind <= last_kind; ++kind)
      if (kernels_.panels[kind] != nullptr)
        operations = std::max(operations, operations_per_second(*kernels_.panels[kind]));
  const Ceilings now{static_cast<double>(n_words_ * sizeof(uint64_t)) / read / 1e9, operations / 1e9};
  best_ = {std::max(best_.read_gb_s, now.read_gb_s), std::max(best_.gflop_s, now.gflop_s)};
  return now;
}

}  // namespace facet::ops::cpu
