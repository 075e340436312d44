#include "ops/cpu/tuning.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "base/cpu_topology.h"
#include "ops/cpu/cpu_ops.h"
#include "ops/cpu/probe_memory.h"

namespace facet::ops::cpu {
namespace {

using Clock = std::chrono::steady_clock;
using quant::BlockType;

constexpr double kVariation = 1.03, kThreadGain = 1.05;
// Sets and thread counts take turns, so that what else the machine does meets all alike; the best turn counts.
constexpr std::chrono::milliseconds kTurnsTime{150};
constexpr int kLeastTurns = 2;
// A product of a prompt: long enough to hide the start of the threads, small enough for the caches.
constexpr int kInputs = 2048, kTokens = 256, kRowsPerThread = 256;

template <class Turn>
void take_turns(Turn&& turn) {
  const auto end = Clock::now() + kTurnsTime;
  for (int i = 0; i < kLeastTurns || Clock::now() < end; ++i) turn();
}

std::vector<float> some_numbers(size_t n) {
  std::vector<float> out(n);
  for (size_t i = 0; i < n; ++i) out[i] = std::sin(static_cast<float>(i));
  return out;
}

// Products of one and of many rows on the threads of a pool.
class Products {
 public:
  Products(ThreadPool& threads, const ProbeMemory& memory)
      : threads_(threads), memory_(memory), x_(some_numbers(size_t{kInputs} * kTokens)) {
    const size_t row_bytes = quant::row_bytes(BlockType::Q4_0, kInputs);
    out_.resize(std::max(memory.bytes().size() / row_bytes, size_t{kTokens} * static_cast<size_t>(prompt_rows())));
  }

  double decode_gb_s(Ops& ops, BlockType type) {
    const size_t n_out = memory_.bytes().size() / quant::row_bytes(type, kInputs);
    const Weight w = weight(type, static_cast<int>(n_out));
    return static_cast<double>(w.n_bytes()) / seconds(ops, w, 1) / 1e9;
  }
  double prompt_gflop_s(Ops& ops, BlockType type) {
    const double n_operations = 2.0 * kTokens * kInputs * prompt_rows();
    return n_operations / seconds(ops, weight(type, prompt_rows()), kTokens) / 1e9;
  }

 private:
  int prompt_rows() const noexcept { return kRowsPerThread * threads_.count(); }
  Weight weight(BlockType type, int n_out) const noexcept { return {memory_.bytes().data(), type, kInputs, n_out}; }
  double seconds(Ops& ops, const Weight& w, int n_tokens) {
    const auto start = Clock::now();
    ops.linear(Mat(out_.data(), n_tokens, w.n_out), ConstMat(x_.data(), n_tokens, kInputs), w);
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  ThreadPool& threads_;
  const ProbeMemory& memory_;
  const std::vector<float> x_;
  std::vector<float> out_;
};

// Those whose part of the kernels no better one has. The scalar set counts where there is no other: it takes long.
template <class SamePart>
std::vector<const kernels::Kernels*> candidates(SamePart&& same) {
  std::vector<const kernels::Kernels*> out;
  for (const kernels::Kernels* k : kernels::available()) {
    const bool is_known = std::any_of(out.begin(), out.end(), [&](const auto* other) { return same(*other, *k); });
    if (!is_known && (out.empty() || k->name != "scalar")) out.push_back(k);
  }
  return out;
}

// speed(ops, type) of every set, the best of all turns.
template <class Speed>
std::vector<SetSpeed> compare(ThreadPool& threads, const std::vector<const kernels::Kernels*>& sets, Speed&& speed) {
  std::vector<SetSpeed> out;
  std::vector<std::unique_ptr<Ops>> ops;
  for (const kernels::Kernels* set : sets) {
    out.push_back({std::string(set->name)});
    ops.push_back(std::make_unique<Ops>(threads, *set));
  }
  take_turns([&] {
    for (size_t i = 0; i < sets.size(); ++i) {
      out[i].q4_0 = std::max(out[i].q4_0, speed(*ops[i], BlockType::Q4_0));
      out[i].q4_k = std::max(out[i].q4_k, speed(*ops[i], BlockType::Q4_K));
    }
  });
  return out;
}

const SetSpeed& find_speed(const std::vector<SetSpeed>& speeds, const std::string& set) {
  return *std::find_if(speeds.begin(), speeds.end(), [&](const SetSpeed& s) { return s.set == set; });
}

// One number of threads with the kernels that were chosen.
struct ThreadTrial {
  ThreadPool threads;
  Ops ops;
  Products products;

  ThreadTrial(int n_threads, const kernels::Kernels& kernels, const ProbeMemory& memory)
      : threads(n_threads), ops(threads, kernels), products(threads, memory) {}

  void turn(ThreadSpeed& best) {
    const auto mean = [](double a, double b) { return std::sqrt(a * b); };
    best.decode_gb_s = std::max(
        best.decode_gb_s, mean(products.decode_gb_s(ops, BlockType::Q4_0), products.decode_gb_s(ops, BlockType::Q4_K)));
    best.prompt_gflop_s = std::max(best.prompt_gflop_s, mean(products.prompt_gflop_s(ops, BlockType::Q4_0),
                                                             products.prompt_gflop_s(ops, BlockType::Q4_K)));
  }
};

// As many as there are cores, and as there are processors, with what was chosen of `t`.
std::vector<ThreadSpeed> compare_threads(const Tuning& t, const ProbeMemory& memory) {
  if (usable_processors() <= usable_cores())
    return {{usable_cores(), find_speed(t.decode, t.decode_set).mean(), find_speed(t.prompts, t.prompt_set).mean()}};
  const kernels::Kernels& kernels = *find_kernels(t.decode_set, t.prompt_set);
  std::vector<ThreadSpeed> out{{usable_cores()}, {usable_processors()}};
  std::vector<std::unique_ptr<ThreadTrial>> trials;
  for (const ThreadSpeed& s : out) trials.push_back(std::make_unique<ThreadTrial>(s.n_threads, kernels, memory));
  take_turns([&] {
    for (size_t i = 0; i < out.size(); ++i) trials[i]->turn(out[i]);
  });
  return out;
}

}  // namespace

const kernels::Kernels* find_kernels(std::string_view decode_set, std::string_view prompt_set) {
  const kernels::Kernels *decode = nullptr, *prompts = nullptr;
  for (const kernels::Kernels* k : kernels::available()) {
    if (k->name == decode_set) decode = k;
    if (k->name == prompt_set) prompts = k;
  }
  return decode != nullptr && prompts != nullptr ? &kernels::combine(*decode, *prompts) : nullptr;
}

double SetSpeed::mean() const noexcept { return std::sqrt(q4_0 * q4_k); }

const SetSpeed& preferred(const std::vector<SetSpeed>& speeds) noexcept {
  const SetSpeed* best = &speeds.front();
  for (const SetSpeed& s : speeds)
    if (s.mean() > kVariation * best->mean()) best = &s;
  return *best;
}

const ThreadSpeed& preferred(const std::vector<ThreadSpeed>& speeds) noexcept {
  const ThreadSpeed* best = &speeds.front();
  for (const ThreadSpeed& s : speeds) {
    const double decode = s.decode_gb_s / best->decode_gb_s, prompts = s.prompt_gflop_s / best->prompt_gflop_s;
    if (decode * kVariation > 1 && std::sqrt(decode * prompts) > kThreadGain) best = &s;
  }
  return *best;
}

Tuning tune() {
  Tuning t;
  ThreadPool threads;
  const ProbeMemory memory(threads);
  {
    Products products(threads, memory);
    const auto same_matvec = [](const auto& a, const auto& b) {
      return a.matvec == b.matvec && a.decoding == b.decoding;
    };
    const auto same_panels = [](const auto& a, const auto& b) { return a.panels == b.panels; };
    t.decode = compare(threads, candidates(same_matvec),
                       [&](Ops& ops, BlockType type) { return products.decode_gb_s(ops, type); });
    t.prompts = compare(threads, candidates(same_panels),
                        [&](Ops& ops, BlockType type) { return products.prompt_gflop_s(ops, type); });
  }
  t.decode_set = preferred(t.decode).set;
  t.prompt_set = preferred(t.prompts).set;
  t.threads = compare_threads(t, memory);
  t.n_threads = preferred(t.threads).n_threads;
  return t;
}

}  // namespace facet::ops::cpu
