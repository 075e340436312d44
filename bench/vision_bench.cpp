// A picture through the encoders of real models with random weights, all threads: milliseconds, the share of the
// multiply-add peak that is measured around each run (products and attention count), and which ops take the time.
// Where other programs run, GFLOP/s of the processors' time says more than the share.
//
// link: facet_model facet_ops facet_kernels facet_quant facet_base
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <thread>
#include <vector>

#include "base/thread_pool.h"
#include "encoder_bench.h"
#include "kernel_data.h"
#include "model/vision.h"
#include "ops/cpu/ceilings.h"
#include "ops/cpu/cpu_ops.h"
#include "ops/timed_ops.h"

namespace facet::model {
namespace {

struct VisionShape {
  const char* name;
  int width, n_layers, n_heads, n_ff, n_embd;
  bool clips;
};
constexpr VisionShape kShapes[] = {{"E2B", 768, 16, 12, 3072, 1536, true},
                                   {"E2B without limits", 768, 16, 12, 3072, 1536, false},
                                   {"26B", 1152, 27, 16, 4304, 2816, false}};

// Pictures of 4:3 at three budgets of soft tokens, in pixels.
struct PictureSize {
  int budget, width, height;
};
constexpr PictureSize kPictures[] = {{70, 432, 336}, {280, 912, 672}, {1120, 1824, 1344}};

VisionConfig config_of(const VisionShape& s) {
  VisionConfig c;
  c.n_positions = 256;
  c.width = s.width;
  c.n_layers = s.n_layers;
  c.n_heads = s.n_heads;
  c.head_dim = s.width / s.n_heads;
  c.n_ff = s.n_ff;
  c.pixel_factor = 2;
  c.pixel_offset = -1;
  return c;
}

// Weights of bf16; every matrix has memory of its own, as in a file.
class RandomEncoder {
 public:
  explicit RandomEncoder(const VisionShape& s) : config(config_of(s)), limits_(s.clips) {
    const int n = s.width;
    weights.patch_embd = matrix(n, config.patch_values());
    for (PositionTable& t : weights.position) t.table = matrix(config.n_positions, n);
    for (int i = 0; i < s.n_layers; ++i) weights.layers.push_back(layer(s));
    weights.input_projection = matrix(s.n_embd, n);
  }

  VisionConfig config;
  VisionWeights weights;

 private:
  Weight matrix(int n_out, int n_in) {
    auto& memory = memory_.emplace_back(static_cast<size_t>(n_out) * static_cast<size_t>(n_in));
    // Magnitudes of 2^-7 to 2^-5 with either sign.
    for (uint16_t& x : memory) {
      state_ = state_ * 1664525 + 1013904223;
      x = static_cast<uint16_t>(0x3c00 | (state_ >> 16 & 0x80ff));
    }
    return {reinterpret_cast<const std::byte*>(memory.data()), quant::BlockType::BF16, n_in, n_out, 1};
  }
  ClippedWeight clipped(int n_out, int n_in) {
    ClippedWeight c;
    c.w = matrix(n_out, n_in);
    if (limits_) c.input_min = c.output_min = -(c.input_max = c.output_max = 20);
    return c;
  }
  VisionLayerWeights layer(const VisionShape& s) {
    const int n = s.width;
    const std::vector<float> ones(static_cast<size_t>(n), 1), of_head(static_cast<size_t>(config.head_dim), 1);
    VisionLayerWeights w;
    w.ln1 = w.ln2 = w.attn_post_norm = w.ffn_post_norm = ones;
    w.attn_q_norm = w.attn_k_norm = of_head;
    for (ClippedWeight* m : {&w.attn_q, &w.attn_k, &w.attn_v, &w.attn_out}) *m = clipped(n, n);
    for (ClippedWeight* m : {&w.ffn_gate, &w.ffn_up}) *m = clipped(s.n_ff, n);
    w.ffn_down = clipped(n, s.n_ff);
    return w;
  }

  bool limits_;
  uint32_t state_ = 6;
  std::vector<std::vector<uint16_t>> memory_;
};

void encode(benchmark::State& state, const VisionShape& shape, const PictureSize& size) {
  const auto n_threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  ThreadPool threads(n_threads);
  ops::OpTimes times;
  ops::TimedOps op(std::make_unique<ops::cpu::Ops>(threads, kernels::choose()), times);
  const RandomEncoder encoder(shape);
  std::vector<uint8_t> rgb(static_cast<size_t>(3 * size.width * size.height));
  for (size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<uint8_t>(i * i >> 7);
  const int n_patches = patch_grid(encoder.config, size.width, size.height).n();
  const int n_soft = n_soft_tokens(encoder.config, size.width, size.height);
  std::vector<float> rows(static_cast<size_t>(n_soft) * static_cast<size_t>(shape.n_embd));
  ops::cpu::CeilingProbe probe(threads, kernels::choose());
  VisionScratch scratch;
  probe.sample();
  double seconds = 0, cpu_seconds = 0;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t cpu_start = std::clock();
    encode_image(op, encoder.config, encoder.weights, {size.width, size.height, rgb},
                 {rows.data(), n_soft, shape.n_embd}, scratch);
    cpu_seconds += static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    state.PauseTiming();
    probe.sample();
    state.ResumeTiming();
  }
  const VisionWork work = vision_work(encoder.config, shape.n_embd, n_patches);
  const double gflop = (work.products + work.attention) * 1e-9 * static_cast<double>(state.iterations());
  state.counters["patches"] = n_patches;
  state.counters["GFLOP/s"] = gflop / seconds;
  state.counters["GFLOP/s of CPU time"] = gflop * n_threads / cpu_seconds;
  state.counters["ceiling"] = probe.best().gflop_s;
  state.counters["share"] = gflop / seconds / probe.best().gflop_s;
  state.SetLabel(ops::where_time_goes(times));
}

const bool kRegistered = [] {
  for (const VisionShape& shape : kShapes)
    for (const PictureSize& size : kPictures)
      benchmark::RegisterBenchmark(fmt::format("{}/{} tokens", shape.name, size.budget).c_str(), encode,
                                   std::ref(shape), std::ref(size))
          ->Unit(benchmark::kMillisecond)
          ->UseRealTime()
          ->MeasureProcessCPUTime();
  return true;
}();

}  // namespace
}  // namespace facet::model
