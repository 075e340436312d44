// The views that ops work on. None owns memory; all are passed by value.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include "quant/block_type.h"
#include "quant/kv_type.h"

namespace facet::ops {

using Vec = std::span<const float>;

// A row-major f32 matrix; rows are tokens (or heads of tokens). stride counts floats between rows.
struct Mat {
  float* data = nullptr;
  int n_rows = 0, n_cols = 0;
  size_t stride = 0;

  Mat() = default;
  Mat(float* d, int rows, int cols) : data(d), n_rows(rows), n_cols(cols), stride(static_cast<size_t>(cols)) {}
  Mat(float* d, int rows, int cols, size_t s) : data(d), n_rows(rows), n_cols(cols), stride(s) {}

  float* row(int r) const noexcept {
    assert(r >= 0 && r < n_rows);
    return data + static_cast<size_t>(r) * stride;
  }
  Mat rows(int begin, int n) const noexcept {
    assert(begin >= 0 && n >= 0 && begin + n <= n_rows);
    return {data + static_cast<size_t>(begin) * stride, n, n_cols, stride};
  }
  Mat cols(int begin, int n) const noexcept {
    assert(begin >= 0 && n >= 0 && begin + n <= n_cols);
    return {data + begin, n_rows, n, stride};
  }
  // The same numbers with `width` columns: [rows, heads * width] as [rows * heads, width]. Needs packed rows.
  Mat split(int width) const noexcept {
    assert(stride == static_cast<size_t>(n_cols) && n_cols % width == 0);
    return {data, n_rows * (n_cols / width), width};
  }
};

struct ConstMat {
  const float* data = nullptr;
  int n_rows = 0, n_cols = 0;
  size_t stride = 0;

  ConstMat() = default;
  ConstMat(Mat m) : data(m.data), n_rows(m.n_rows), n_cols(m.n_cols), stride(m.stride) {}  // NOLINT: views convert
  ConstMat(const float* d, int rows, int cols)
      : data(d), n_rows(rows), n_cols(cols), stride(static_cast<size_t>(cols)) {}
  ConstMat(const float* d, int rows, int cols, size_t s) : data(d), n_rows(rows), n_cols(cols), stride(s) {}

  const float* row(int r) const noexcept {
    assert(r >= 0 && r < n_rows);
    return data + static_cast<size_t>(r) * stride;
  }
  ConstMat rows(int begin, int n) const noexcept {
    assert(begin >= 0 && n >= 0 && begin + n <= n_rows);
    return {data + static_cast<size_t>(begin) * stride, n, n_cols, stride};
  }
  ConstMat cols(int begin, int n) const noexcept {
    assert(begin >= 0 && n >= 0 && begin + n <= n_cols);
    return {data + begin, n_rows, n, stride};
  }
};

// A matrix [n_out, n_in] in the file's own blocks; y = W x. Rows follow one another without gaps.
struct Weight {
  const std::byte* data = nullptr;
  quant::BlockType type = quant::BlockType::F32;
  int n_in = 0, n_out = 0;
  float scale = 1;  // multiplies the product (NVFP4 files keep one per tensor)

  bool empty() const noexcept { return data == nullptr; }
  size_t row_bytes() const noexcept { return quant::row_bytes(type, static_cast<size_t>(n_in)); }
  size_t n_bytes() const noexcept { return row_bytes() * static_cast<size_t>(n_out); }
  // Outputs [begin, begin + n).
  Weight rows(int begin, int n) const noexcept {
    assert(begin >= 0 && n >= 0 && begin + n <= n_out);
    return {data + row_bytes() * static_cast<size_t>(begin), type, n_in, n, scale};
  }
};

// A stack of n_experts matrices of one shape, one after another; `scales` is empty or one factor per expert (NVFP4).
struct ExpertWeight {
  Weight first;  // expert 0
  int n_experts = 0;
  Vec scales;

  bool empty() const noexcept { return first.empty(); }
  Weight expert(int e) const noexcept {
    assert(e >= 0 && e < n_experts);
    Weight w = first;
    w.data += first.n_bytes() * static_cast<size_t>(e);
    if (!scales.empty()) w.scale *= scales[static_cast<size_t>(e)];
    return w;
  }
};

// Query heads that read one KV head, at most; configurations are checked for it.
constexpr int kMaxQueryGroup = 256;

using quant::KvType;

// One layer's keys and values of one session. Position p lies in page p / page_tokens; within a page both K (at
// k_offset) and V (at v_offset) are [n_heads][page_tokens][head_dim].
struct KvView {
  std::byte* const* pages = nullptr;
  int page_tokens = 0;
  KvType type = KvType::F32;
  int n_heads = 0, head_dim = 0;
  size_t k_offset = 0, v_offset = 0;  // bytes

  size_t row_bytes() const noexcept { return quant::kv_row_bytes(type, head_dim); }
  size_t row_offset(int head, int token_in_page) const noexcept {
    return (static_cast<size_t>(head) * static_cast<size_t>(page_tokens) + static_cast<size_t>(token_in_page)) *
           row_bytes();
  }
  std::byte* k(int head, int position) const noexcept {
    return pages[position / page_tokens] + k_offset + row_offset(head, position % page_tokens);
  }
  std::byte* v(int head, int position) const noexcept {
    return pages[position / page_tokens] + v_offset + row_offset(head, position % page_tokens);
  }
};

// Positions that see each other whatever their order (the soft tokens of one image): [begin, end).
struct BidirectionalRun {
  int begin = 0, end = 0;
};

// Query row r stands at positions[r] (ascending) and sees key p iff (p <= positions[r], or both lie in one run) and
// positions[r] - p < window (window 0: no limit). scale multiplies q.k.
struct AttnSpec {
  std::span<const int> positions;
  int window = 0;
  float scale = 1;
  std::span<const BidirectionalRun> runs;
};

// Attention of an encoder of sound: to the rows a short distance back.
struct LocalAttnSpec {
  int n_heads = 0;
  float softcap = 0;
};

// The largest step that will be asked for: its rows, and the sizes of the widest layer.
struct StepLimits {
  int n_rows = 1;
  int n_in = 0;         // columns of the widest input of a product, or row of an embedding
  int n_heads = 0;      // query heads
  int query_group = 0;  // query heads of a KV head
  int head_dim = 0;
  int n_embd = 0, n_expert_ff = 0, n_experts_used = 0;  // of layers with experts, else 0
  int n_experts = 0;
};

// Which experts each row uses: [n_rows, n_used], best first.
struct Routing {
  int* index = nullptr;
  float* weight = nullptr;
  int n_rows = 0, n_used = 0;
};

}  // namespace facet::ops
