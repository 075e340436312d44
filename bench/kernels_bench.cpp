// Kernels by registry line and instruction set. Products are named by columns and by kilobytes of the matrix: what is
// larger than any cache stands beside the machine's memory bandwidth, and what fits into a core's own shows what the
// instructions allow. Decoding and panels give weights and operations per second.
//
// link: facet_kernels facet_quant facet_base
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "kernel_data.h"
#include "kernels/kernels.h"
#include "quant/test_blocks.h"

namespace facet::kernels {
namespace {

using quant::BlockType;

constexpr int kColumns = 1536;  // n_in, as in E2B
constexpr int kMatrixKb = 128 << 10, kCachedKb = 192, kSliceKb = 64;

// A matrix of one repeated row block, filled anew for each format.
std::vector<std::byte>& matrix(BlockType type) {
  static std::vector<std::byte> memory(size_t{kMatrixKb} << 10);
  static BlockType filled = BlockType::I64;
  if (filled == type) return memory;
  filled = type;
  std::mt19937 rng(5);
  std::vector<std::byte> rows(quant::row_bytes(type, kColumns) * 8);
  quant::fill_blocks(type, rows, rng);
  for (size_t at = 0; at + rows.size() <= memory.size(); at += rows.size())
    std::memcpy(memory.data() + at, rows.data(), rows.size());
  return memory;
}

// One slice of rows after another.
void matvec(benchmark::State& state, const Kernels& k, BlockType type, Rounding rounding) {
  const auto n_cols = static_cast<int>(state.range(0));
  const size_t row_bytes = quant::row_bytes(type, kColumns), stride = rounded_floats(kColumns);
  const auto n_rows = static_cast<int>((size_t{kSliceKb} << 10) / row_bytes);
  const std::vector<std::byte>& w = matrix(type);
  const size_t n_slices = static_cast<size_t>(state.range(1)) / kSliceKb;
  const std::vector<float> x = random_floats(static_cast<size_t>(n_cols) * kColumns);
  std::vector<float> rounded(static_cast<size_t>(n_cols) * stride), y(static_cast<size_t>(n_cols * n_rows));
  for (int c = 0; c < n_cols; ++c)
    k.round_of(rounding)(x.data() + c * kColumns, kColumns, rounded.data() + static_cast<size_t>(c) * stride);
  const Columns columns{x.data(), kColumns, rounded.data(), stride};
  size_t slice = 0;
  for (auto _ : state) {
    k.matvec_of(type, rounding)(w.data() + slice * static_cast<size_t>(n_rows) * row_bytes, row_bytes, kColumns, n_rows,
                                columns, n_cols, y.data(), static_cast<size_t>(n_rows));
    slice = (slice + 1) % n_slices;
    benchmark::DoNotOptimize(y.data());
  }
  state.SetBytesProcessed(state.iterations() * n_rows * static_cast<int64_t>(row_bytes));
}

void decode(benchmark::State& state, const Kernels& k, BlockType type) {
  const std::vector<std::byte>& w = matrix(type);
  std::vector<float> y(kColumns);
  for (auto _ : state) {
    k.decode[static_cast<size_t>(type)](w.data(), y.data(), kColumns);
    benchmark::DoNotOptimize(y.data());
  }
  state.SetItemsProcessed(state.iterations() * kColumns);
}

// One panel and one tile of tokens: what cpu::Ops keeps in the caches. Items are operations.
void panel(benchmark::State& state, const PanelKernels& k, BlockType type) {
  const size_t row_bytes = quant::row_bytes(type, kPanelDepth);
  std::vector<Aligned> panel(k.row_bytes * static_cast<size_t>(k.rows) / sizeof(Aligned)),
      tile(k.tile_bytes / sizeof(Aligned) + 1),
      acc(static_cast<size_t>(k.rows * k.tokens) * sizeof(float) / sizeof(Aligned));
  const std::vector<float> x = random_floats(static_cast<size_t>(kPanelDepth * k.tokens));
  std::vector<const float*> rows;
  for (int t = 0; t < k.tokens; ++t) rows.push_back(x.data() + t * kPanelDepth);
  const PanelFormat& format = k.formats[static_cast<size_t>(type)];
  format.unpack(matrix(type).data(), row_bytes, k.rows, kPanelDepth, panel.data()->bytes);
  k.pack(rows.data(), k.tokens, 0, kPanelDepth, tile.data()->bytes);
  for (auto _ : state) {
    format.multiply(panel.data()->bytes, k.rows, kPanelDepth, tile.data()->bytes, k.tokens,
                    reinterpret_cast<float*>(acc.data()));
    benchmark::DoNotOptimize(acc.data());
  }
  state.SetItemsProcessed(state.iterations() * 2 * k.rows * kPanelDepth * k.tokens);
}

// Eight queries over tiles of 64 keys and values, one after another: as many as take the kilobytes asked for, or the
// one tile that fits into a core's own cache. Bytes are those of the cache.
void attention(benchmark::State& state, const Kernels& k, quant::KvType format) {
  const int n_queries = 8, head_dim = static_cast<int>(state.range(0));
  const size_t row_bytes = quant::kv_row_bytes(format, head_dim), half = kTileTokens * row_bytes;
  const size_t n_tiles = std::max<size_t>(1, (static_cast<size_t>(state.range(1)) << 10) / (2 * half));
  const std::vector<float> row = random_floats(static_cast<size_t>(head_dim)),
                           q = random_floats(static_cast<size_t>(n_queries * head_dim));
  std::vector<std::byte> cache(n_tiles * 2 * half);
  for (size_t t = 0; t < n_tiles * 2 * kTileTokens; ++t)
    k.store[static_cast<size_t>(format)](cache.data() + t * row_bytes, row.data(), head_dim);
  std::vector<float> out(q.size()), scores(static_cast<size_t>(n_queries * kTileTokens));
  const float* queries[n_queries];
  float* outs[n_queries];
  for (int i = 0; i < n_queries; ++i) {
    queries[i] = q.data() + i * head_dim;
    outs[i] = out.data() + i * head_dim;
  }
  size_t i = 0;
  for (auto _ : state) {
    const std::byte* const keys = cache.data() + i * 2 * half;
    i = (i + 1) % n_tiles;
    const AttentionTile tile{keys, keys + half, row_bytes, kTileTokens, head_dim, cache.data() + i * 2 * half};
    k.scores[static_cast<size_t>(format)](tile, queries, n_queries, scores.data());
    for (float& s : scores) s *= 1e-3f;
    k.accumulate[static_cast<size_t>(format)](tile, scores.data(), n_queries, outs);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(2 * half));
}

void register_set(const Kernels& k) {
  const std::string set(k.name);
  const auto add_format = [&](const char* name, BlockType type) {
    for (const Rounding rounding : {Rounding::Int16, Rounding::Int8}) {
      if (rounding == Rounding::Int8 && !rounds_columns(type)) continue;
      const std::string kind = rounding == Rounding::Int8 ? "/matvec_int8/" : "/matvec/";
      benchmark::RegisterBenchmark((set + kind + name).c_str(), matvec, std::ref(k), type, rounding)
          ->ArgsProduct({{1, 4}, {kMatrixKb, kCachedKb}});
    }
    benchmark::RegisterBenchmark((set + "/decode/" + name).c_str(), decode, std::ref(k), type);
  };
#define FACET_CODE_FORMAT(type) add_format(#type, BlockType::type);
#define FACET_FLOAT_FORMAT(type) add_format(#type, BlockType::type);
#define FACET_DECODED_FORMAT(type) add_format(#type, BlockType::type);
#include "kernels/kernels.def"
  for (const auto& [name, kind, type] : {std::tuple{"F32", PanelKind::F32, BlockType::F32},
                                         {"Int16", PanelKind::Int16, BlockType::Q4_0},
                                         {"BF16", PanelKind::BF16, BlockType::Q4_0},
                                         {"Int8", PanelKind::Int8, BlockType::Q4_0}})
    if (k.panels[static_cast<size_t>(kind)] != nullptr)
      benchmark::RegisterBenchmark((set + "/panel/" + name).c_str(), panel, std::ref(k.panels_of(kind)), type);
  for (const auto& [name, format] : {std::pair{"F32", quant::KvType::F32},
                                     {"F16", quant::KvType::F16},
                                     {"BF16", quant::KvType::BF16},
                                     {"Q8_0", quant::KvType::Q8_0}})
    benchmark::RegisterBenchmark((set + "/attention/" + name).c_str(), attention, std::ref(k), format)
        ->ArgsProduct({{256, 512}, {0, kMatrixKb}});
}

const bool kRegistered = [] {
  for (const Kernels* k : available()) register_set(*k);
  return true;
}();

}  // namespace
}  // namespace facet::kernels
