// The encoder of sound on all cores, at E2B's shapes with random weights and limits on every matrix: clips of 10 s and
// 30 s, the share of the multiply-add peak that its products reach, and which ops take the time. Rates count the
// processors' time, so that other programs on the machine change them little.
//
// link: facet_model facet_ops facet_kernels facet_quant facet_base
#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "base/thread_pool.h"
#include "encoder_bench.h"
#include "kernel_data.h"
#include "model/audio.h"
#include "ops/cpu/ceilings.h"
#include "ops/cpu/cpu_ops.h"
#include "ops/timed_ops.h"

namespace facet::model {
namespace {

constexpr int kTextWidth = 1536;

AudioConfig e2b_config() {
  AudioConfig c;
  c.n_in = 128;
  c.n_layers = 12;
  c.n_embd = 1024;
  c.n_heads = 8;
  c.n_ff = 4096;
  c.n_out = 1536;
  c.n_kernel = 5;
  c.n_channels = {128, 32};
  return c;
}

// Every matrix has memory of its own, as in a file.
class RandomAudio {
 public:
  RandomAudio(const AudioConfig& c, quant::BlockType type) : config_(c), type_(type) {
    weights.conv = {conv(1, c.n_channels[0]), conv(c.n_channels[0], c.n_channels[1])};
    weights.input_projection = matrix(c.n_embd, c.n_subsampled());
    weights.distances = row(c.n_visible * c.n_embd);
    for (int i = 0; i < c.n_layers; ++i) weights.layers.push_back(layer());
    weights.output_projection = matrix(c.n_out, c.n_embd);
    weights.output_bias = row(c.n_out);
    weights.mm_input_projection = matrix(kTextWidth, c.n_out);
  }

  AudioWeights weights;

 private:
  static std::vector<float> row(int n) {
    const auto x = kernels::random_floats(static_cast<size_t>(n));
    return {x.begin(), x.end()};
  }
  Weight matrix(int n_out, int n_in) {
    Weight w{nullptr, type_, n_in, n_out, 1};
    // One random row, again and again: values do not change the time.
    std::vector<float> values = row(n_in);
    for (float& v : values) v *= 0.03f;
    std::vector<std::byte> memory(w.n_bytes());
    quant::encode_row(type_, values.data(), memory.data(), values.size());
    for (size_t r = 1; r < static_cast<size_t>(n_out); ++r)
      std::copy_n(memory.data(), w.row_bytes(), memory.data() + r * w.row_bytes());
    memory_.push_back(std::move(memory));
    w.data = memory_.back().data();
    return w;
  }
  ClippedWeight clipped(int n_out, int n_in) { return {matrix(n_out, n_in), -20, 20, -30, 30}; }
  AudioConvWeights conv(int n_in, int n_out) { return {row(9 * n_in * n_out), row(n_out), n_in, n_out}; }
  AudioFeedForward feed_forward() {
    const int n = config_.n_embd;
    return {row(n), row(n), clipped(config_.n_ff, n), clipped(n, config_.n_ff)};
  }
  AudioLayerWeights layer() {
    const int n = config_.n_embd;
    AudioLayerWeights w;
    w.ff1 = feed_forward();
    w.ff2 = feed_forward();
    for (auto* norm : {&w.attn_pre_norm, &w.attn_post_norm, &w.attn_q_scale, &w.conv_norm, &w.norm_conv, &w.ln2})
      *norm = row(n);
    for (auto* m : {&w.attn_q, &w.attn_k, &w.attn_v, &w.attn_out, &w.conv_pw2}) *m = clipped(n, n);
    w.attn_k_rel = matrix(n, n);
    w.conv_pw1 = clipped(2 * n, n);
    w.conv_dw = row(config_.n_kernel * n);
    return w;
  }

  const AudioConfig config_;
  const quant::BlockType type_;
  std::vector<std::vector<std::byte>> memory_;
};

void encode(benchmark::State& state, quant::BlockType type, ops::Activations activations) {
  const AudioConfig c = e2b_config();
  const RandomAudio audio(c, type);
  const auto n_frames = static_cast<int>(state.range(0));
  const auto frames = kernels::random_floats(static_cast<size_t>(n_frames * c.n_in));
  const int n = c.n_soft_tokens(n_frames);
  std::vector<float> out(static_cast<size_t>(n * kTextWidth));
  ThreadPool threads;
  ops::OpTimes times;
  ops::TimedOps op(std::make_unique<ops::cpu::Ops>(threads, kernels::choose(), activations), times);
  ops::cpu::CeilingProbe probe(threads, kernels::choose(), activations);
  AudioScratch scratch;
  probe.sample();
  double cpu_seconds = 0;
  for (auto _ : state) {
    const std::clock_t start = std::clock();
    encode_audio(op, c, audio.weights, {frames.data(), n_frames, c.n_in}, {out.data(), n, kTextWidth}, scratch);
    cpu_seconds += static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    state.PauseTiming();
    probe.sample();
    state.ResumeTiming();
  }
  const double seconds = cpu_seconds / threads.count() / static_cast<double>(state.iterations());
  const double gflop_s = audio_flops(c, kTextWidth, n_frames) * 1e-9 / seconds;
  state.counters["GFLOP/s"] = gflop_s;
  state.counters["ceiling"] = probe.best().gflop_s;
  state.counters["share"] = gflop_s / probe.best().gflop_s;
  state.counters["times real time"] = n_frames * 0.01 / seconds;
  state.SetLabel(ops::where_time_goes(times));
}

const bool kRegistered = [] {
  using quant::BlockType;
  for (const auto& [name, type, activations] : {std::tuple{"BF16", BlockType::BF16, ops::Activations::BF16},
                                                {"Q8_0, 8 bits", BlockType::Q8_0, ops::Activations::Int8},
                                                {"BF16, f32", BlockType::BF16, ops::Activations::F32}})
    benchmark::RegisterBenchmark((std::string("E2B audio/") + name).c_str(), encode, type, activations)
        ->ArgName("frames")
        ->Arg(999)
        ->Arg(2999)
        ->Unit(benchmark::kMillisecond)
        ->MeasureProcessCPUTime()
        ->UseRealTime();
  return true;
}();

}  // namespace
}  // namespace facet::model
