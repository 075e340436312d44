// Small fixed calls of each kernel of one instruction set (FACET_ISA), for a tool that counts instructions:
// scripts/count_instructions.py. Prints a line a case; end_of_case() is called before and after each, so that what is
// counted between two calls is either a case or its preparation.
//
// link: facet_kernels facet_quant facet_base
#include <cstdio>
#include <exception>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kernel_data.h"
#include "kernels/kernels.h"
#include "quant/test_blocks.h"

extern "C" __attribute__((noinline)) void end_of_case() { asm volatile("" ::: "memory"); }

namespace facet::kernels {
namespace {

using quant::BlockType;

// Enough that a few instructions around a kernel's loops are well below a hundredth.
constexpr int kInputs = 1536, kRows = 16, kPanels = 4;

template <class F>
void count(const std::string& name, F&& work) {
  end_of_case();
  work();
  end_of_case();
  std::puts(name.c_str());
}

// One random row, repeated.
std::vector<std::byte> random_rows(BlockType type, int n_in, int n_rows) {
  std::mt19937 rng(5);
  std::vector<std::byte> row(quant::row_bytes(type, static_cast<size_t>(n_in))), rows;
  quant::fill_blocks(type, row, rng);
  for (int r = 0; r < n_rows; ++r) rows.insert(rows.end(), row.begin(), row.end());
  return rows;
}

void count_matvec(const Kernels& k, BlockType type, Rounding rounding, const char* name, int n_cols) {
  const auto w = random_rows(type, kInputs, kRows);
  const auto columns = static_cast<size_t>(n_cols);
  const std::vector<float> x = random_floats(columns * kInputs);
  std::vector<float> rounded(columns * rounded_floats(kInputs)), y(columns * kRows);
  const std::string kind = rounding == Rounding::Int8 ? "matvec of int8 " : "matvec ";
  count(kind + name + ", columns: " + std::to_string(n_cols), [&] {
    for (size_t c = 0; c < columns; ++c)
      k.round_of(rounding)(x.data() + c * kInputs, kInputs, rounded.data() + c * rounded_floats(kInputs));
    k.matvec_of(type, rounding)(w.data(), quant::row_bytes(type, kInputs), kInputs, kRows,
                                {x.data(), kInputs, rounded.data(), rounded_floats(kInputs)}, n_cols, y.data(), kRows);
  });
}

// One panel that several tiles meet.
void count_panel(const PanelKernels& k, BlockType type, const char* name, const char* kind) {
  const auto w = random_rows(type, kPanelDepth, k.rows);
  const auto tokens = static_cast<size_t>(k.tokens), n_rows = static_cast<size_t>(k.rows);
  std::vector<Aligned> panel(k.row_bytes * n_rows / sizeof(Aligned)), tile(k.tile_bytes / sizeof(Aligned) + 1),
      acc(n_rows * tokens * sizeof(float) / sizeof(Aligned));
  const std::vector<float> x = random_floats(kPanelDepth * tokens);
  std::vector<const float*> rows;
  for (size_t t = 0; t < tokens; ++t) rows.push_back(x.data() + t * kPanelDepth);
  const PanelFormat& format = k.formats[static_cast<size_t>(type)];
  count("panel " + std::string(name) + ", " + kind, [&] {
    format.unpack(w.data(), quant::row_bytes(type, kPanelDepth), k.rows, kPanelDepth, panel.data()->bytes);
    for (int i = 0; i < kPanels; ++i) {
      k.pack(rows.data(), k.tokens, 0, kPanelDepth, tile.data()->bytes);
      format.multiply(panel.data()->bytes, k.rows, kPanelDepth, tile.data()->bytes, k.tokens,
                      reinterpret_cast<float*>(acc.data()));
    }
  });
}

void count_attention(const Kernels& k, quant::KvType type, const char* name) {
  constexpr int kQueries = 8, kHeadDim = 256;
  const size_t row_bytes = quant::kv_row_bytes(type, kHeadDim);
  const std::vector<float> row = random_floats(kHeadDim), q = random_floats(kQueries * kHeadDim);
  std::vector<std::byte> cache(2 * kTileTokens * row_bytes);
  std::vector<float> out(q.size()), scores(static_cast<size_t>(kQueries) * kTileTokens);
  const float* queries[kQueries];
  float* outs[kQueries];
  for (int i = 0; i < kQueries; ++i) {
    queries[i] = q.data() + i * kHeadDim;
    outs[i] = out.data() + i * kHeadDim;
  }
  const AttentionTile tile{cache.data(), cache.data() + kTileTokens * row_bytes, row_bytes, kTileTokens, kHeadDim,
                           nullptr};
  count("attention " + std::string(name), [&] {
    for (size_t t = 0; t < 2 * kTileTokens; ++t)
      k.store[static_cast<size_t>(type)](cache.data() + t * row_bytes, row.data(), kHeadDim);
    k.scores[static_cast<size_t>(type)](tile, queries, kQueries, scores.data());
    k.accumulate[static_cast<size_t>(type)](tile, scores.data(), kQueries, outs);
  });
}

// A panel of keys' weights for a tile of queries, and of the values that they add up.
void count_panel_attention(const Kernels& k, quant::KvType type, const char* name) {
  constexpr int kHeadDim = 64;
  const PanelKernels& p = k.panels_of(PanelKind::F32);
  const size_t row_bytes = quant::kv_row_bytes(type, kHeadDim), tokens = static_cast<size_t>(p.tokens);
  const std::vector<float> row = random_floats(kHeadDim);
  std::vector<std::byte> cache(kTileTokens * row_bytes);
  std::vector<Aligned> panel(kTileTokens * p.row_bytes / sizeof(Aligned));
  std::vector<float> scores = random_floats(kTileTokens * tokens), sums(kHeadDim * tokens), total(tokens),
                     factor(tokens), top(tokens, kNoScore);
  for (size_t t = 0; t < kTileTokens; ++t)
    k.store[static_cast<size_t>(type)](cache.data() + t * row_bytes, row.data(), kHeadDim);
  count("attention on panels, " + std::string(name), [&] {
    p.attention.unpack_columns[static_cast<size_t>(type)](cache.data(), row_bytes, 0, kTileTokens, kHeadDim,
                                                          panel.data()->bytes);
    p.attention.weigh(scores.data(), kTileTokens, p.tokens, 0.1f, top.data(), total.data(), factor.data(),
                      reinterpret_cast<std::byte*>(scores.data()));
    p.attention.rescale(sums.data(), kHeadDim, p.tokens, factor.data());
  });
}

void count_rows(const Kernels& k) {
  constexpr int n = 4096;
  const std::vector<float> x = random_floats(n), y = random_floats(n);
  std::vector<float> out = x;
  count("rms_norm", [&] { k.rms_norm(out.data(), x.data(), y.data(), n, 1e-6f); });
  count("gelu_mul", [&] { k.gelu_mul(out.data(), x.data(), y.data(), n); });
  count("softcap", [&] { k.softcap(out.data(), n, 30); });
  count("exp_sum", [&] { k.exp_sum(out.data(), n, 30); });
  count("max", [&] { k.max(out.data(), n); });
  count("add", [&] { k.add(out.data(), y.data(), n); });
}

void count_format(const Kernels& k, BlockType type, const char* name) {
  for (const int n_cols : {1, 4}) {
    count_matvec(k, type, Rounding::Int16, name, n_cols);
    if (rounds_columns(type)) count_matvec(k, type, Rounding::Int8, name, n_cols);
  }
  for (const auto& [kind, text] :
       {std::pair{PanelKind::F32, "f32"}, {PanelKind::Int16, "int16"}, {PanelKind::Int8, "int8"}})
    if (k.panels[static_cast<size_t>(kind)] != nullptr && k.panels_of(kind).takes(type))
      count_panel(k.panels_of(kind), type, name, text);
}

void count_all(const Kernels& k) {
#define FACET_CODE_FORMAT(type) count_format(k, BlockType::type, #type);
#define FACET_FLOAT_FORMAT(type) count_format(k, BlockType::type, #type);
#define FACET_DECODED_FORMAT(type) count_format(k, BlockType::type, #type);
#include "kernels/kernels.def"
  count_attention(k, quant::KvType::F32, "F32");
  count_attention(k, quant::KvType::F16, "F16");
  count_attention(k, quant::KvType::BF16, "BF16");
  count_attention(k, quant::KvType::Q8_0, "Q8_0");
  count_panel_attention(k, quant::KvType::F16, "F16");
  count_panel_attention(k, quant::KvType::Q8_0, "Q8_0");
  count_rows(k);
}

}  // namespace
}  // namespace facet::kernels

int main() {
  try {
    facet::kernels::count_all(facet::kernels::choose());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kernels_count: %s\n", error.what());
    return 1;
  }
  return 0;
}
