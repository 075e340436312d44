#include "ops/cpu/ceilings.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace facet::ops::cpu {
namespace {

constexpr int kRepeats = 4;
// Operations of one task: about a millisecond, so that starting the threads does not count.
constexpr int kTaskOperations = 100'000'000, kTasksPerThread = 8;

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

CeilingProbe::CeilingProbe(ThreadPool& threads, const kernels::Kernels& kernels, Activations activations)
    : threads_(threads), kernels_(kernels), activations_(activations), memory_(threads) {}

double CeilingProbe::read_seconds() noexcept {
  constexpr size_t kTaskWords = ProbeMemory::kPieceBytes / sizeof(uint64_t);
  const auto* words = reinterpret_cast<const uint64_t*>(memory_.bytes().data());
  std::atomic<uint64_t> total{0};  // used, so that the reads are
  return seconds([&] {
    threads_.run(static_cast<int>(memory_.bytes().size() / ProbeMemory::kPieceBytes),
                 [&](int task, int) { total += sum(words + static_cast<size_t>(task) * kTaskWords, kTaskWords); });
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
                                             : activations_ == Activations::BF16  ? Kind::BF16
                                                                                  : Kind::Int8);
  double read = read_seconds(), operations = 0;
  for (int i = 1; i < kRepeats; ++i) read = std::min(read, read_seconds());
  for (int i = 0; i < kRepeats; ++i)
    for (size_t kind = 0; kind <= last_kind; ++kind)
      if (kernels_.panels[kind] != nullptr)
        operations = std::max(operations, operations_per_second(*kernels_.panels[kind]));
  const Ceilings now{static_cast<double>(memory_.bytes().size()) / read / 1e9, operations / 1e9};
  best_ = {std::max(best_.read_gb_s, now.read_gb_s), std::max(best_.gflop_s, now.gflop_s)};
  return now;
}

}  // namespace facet::ops::cpu
