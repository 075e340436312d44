// Everything but products, attention and experts: loops over rows.
#include "ops/cpu/cpu_ops.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ops/cpu/buffers.h"

namespace facet::ops::cpu {

Ops::Ops(ThreadPool& threads, const kernels::Kernels& kernels, Activations activations)
    : threads_(threads), k_(kernels), activations_(activations), buffers_(std::make_unique<Buffers>()) {
  buffers_->n_threads = threads.count();
  buffers_->partials.reserve(kPartialBytes / sizeof(float));
  buffers_->per_thread = std::make_unique<FloatBuffer[]>(static_cast<size_t>(threads.count()));
}

Ops::~Ops() = default;

void Ops::embed(Mat out, std::span<const int32_t> ids, const Weight& table, int first_col, float scale) noexcept {
  // Whole blocks around the asked columns are decoded, no more.
  const int block = static_cast<int>(quant::block_info(table.type).n_elements);
  const int begin = first_col / block * block, n = (first_col + out.n_cols + block - 1) / block * block - begin;
  const auto decode = k_.decode[static_cast<size_t>(table.type)];
  const float factor = scale * table.scale;
  const size_t row_bytes = table.row_bytes(), skip = quant::row_bytes(table.type, static_cast<size_t>(begin));
  buffers_->reserve_per_thread(static_cast<size_t>(n));
  threads_.run(out.n_rows, [&](int r, int thread) {
    assert(ids[static_cast<size_t>(r)] >= 0 && ids[static_cast<size_t>(r)] < table.n_out);
    float* buffer = buffers_->of_thread(thread);
    decode(table.data + row_bytes * static_cast<size_t>(ids[static_cast<size_t>(r)]) + skip, buffer, n);
    std::memcpy(out.row(r), buffer + (first_col - begin), sizeof(float) * static_cast<size_t>(out.n_cols));
    k_.scale(out.row(r), out.n_cols, factor);
  });
}

void Ops::rms_norm(Mat out, ConstMat x, Vec w, float eps) noexcept {
  for_rows(x.n_rows, x.n_cols,
           [&](int r) { k_.rms_norm(out.row(r), x.row(r), w.empty() ? nullptr : w.data(), x.n_cols, eps); });
}

void Ops::add_rms_norm(Mat x, Mat y, Vec w, float eps) noexcept {
  for_rows(x.n_rows, x.n_cols, [&](int r) {
    k_.rms_norm(y.row(r), y.row(r), w.empty() ? nullptr : w.data(), y.n_cols, eps);
    k_.add(x.row(r), y.row(r), x.n_cols);
  });
}

void Ops::gelu_mul(Mat out, ConstMat gate, ConstMat up) noexcept {
  for_rows(out.n_rows, out.n_cols, [&](int r) { k_.gelu_mul(out.row(r), gate.row(r), up.row(r), out.n_cols); });
}

void Ops::rope(Mat x, int head_dim, ConstMat cos, ConstMat sin) noexcept {
  const int half = head_dim / 2, n_heads = x.n_cols / head_dim;
  for_rows(x.n_rows, x.n_cols, [&](int r) {
    const float *c = cos.row(r), *s = sin.row(r);
    for (int head = 0; head < n_heads; ++head) {
      float *a = x.row(r) + head * head_dim, *b = a + half;
      for (int i = 0; i < cos.n_cols; ++i) {
        const float u = a[i], v = b[i];
        a[i] = u * c[i] - v * s[i];
        b[i] = v * c[i] + u * s[i];
      }
    }
  });
}

void Ops::store_kv(const KvView& kv, std::span<const int> positions, ConstMat k, ConstMat v) noexcept {
  const auto store = k_.store[static_cast<size_t>(kv.type)];
  for_rows(k.n_rows, 2 * k.n_cols, [&](int r) {
    const int position = positions[static_cast<size_t>(r)];
    for (int head = 0; head < kv.n_heads; ++head) {
      store(kv.k(head, position), k.row(r) + head * kv.head_dim, kv.head_dim);
      store(kv.v(head, position), v.row(r) + head * kv.head_dim, kv.head_dim);
    }
  });
}

void Ops::add(Mat x, ConstMat y) noexcept {
  for_rows(x.n_rows, x.n_cols, [&](int r) { k_.add(x.row(r), y.row(r), x.n_cols); });
}

void Ops::scale(Mat x, float factor) noexcept {
  for_rows(x.n_rows, x.n_cols, [&](int r) { k_.scale(x.row(r), x.n_cols, factor); });
}

void Ops::scale_cols(Mat out, ConstMat x, Vec factors) noexcept {
  for_rows(x.n_rows, x.n_cols, [&](int r) { k_.multiply(out.row(r), x.row(r), factors.data(), x.n_cols); });
}

void Ops::softcap(Mat x, float cap) noexcept {
  constexpr int kColumns = 16384;  // a row of logits is cut into pieces of its own
  const int pieces = (x.n_cols + kColumns - 1) / kColumns;
  threads_.run(x.n_rows * pieces, [&](int task, int) {
    const int begin = task % pieces * kColumns;
    k_.softcap(x.row(task / pieces) + begin, std::min(kColumns, x.n_cols - begin), cap);
  });
}

void Ops::copy(Mat out, ConstMat x) noexcept {
  for (int r = 0; r < out.n_rows; ++r) std::memcpy(out.row(r), x.row(r), sizeof(float) * static_cast<size_t>(x.n_cols));
}

void Ops::copy_rows(Mat out, ConstMat x, std::span<const int> rows) noexcept {
  for (int r = 0; r < out.n_rows; ++r)
    std::memmove(out.row(r), x.row(rows[static_cast<size_t>(r)]), sizeof(float) * static_cast<size_t>(x.n_cols));
}

void Ops::route(const Routing& routing, Mat logits, Vec expert_scale) noexcept {
  for (int r = 0; r < logits.n_rows; ++r) {
    float* p = logits.row(r);
    const float total = k_.exp_sum(p, logits.n_cols, k_.max(p, logits.n_cols));
    k_.scale(p, logits.n_cols, 1 / total);
    // Few are wanted of few: a scan for each is as fast as a sort. Chosen ones are marked by their negative.
    int* index = routing.index + r * routing.n_used;
    float* weight = routing.weight + r * routing.n_used;
    float used = 0;
    for (int j = 0; j < routing.n_used; ++j) {
      index[j] = static_cast<int>(std::max_element(p, p + logits.n_cols) - p);
      weight[j] = p[index[j]];
      used += weight[j];
      p[index[j]] = -1;
    }
    for (int j = 0; j < routing.n_used; ++j) {
      p[index[j]] = weight[j];
      weight[j] = weight[j] / used * (expert_scale.empty() ? 1.0f : expert_scale[static_cast<size_t>(index[j])]);
    }
  }
}

}  // namespace facet::ops::cpu
