#include "ops/ref/ref_ops.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/half.h"

namespace facet::ops::ref {
namespace {

double gelu_tanh(double x) { return 0.5 * x * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))); }

double dot(const float* a, const float* b, int n) {
  double sum = 0;
  for (int i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// Codes are rounded to what the scale becomes in f16.
void store_block(std::byte* p, const float* x) {
  float largest = 0;
  bool is_finite = true;
  for (int i = 0; i < 32; ++i) {
    largest = std::max(largest, std::abs(x[i]));
    is_finite = is_finite && std::isfinite(x[i]);
  }
  const uint16_t half = is_finite ? f32_to_f16(largest / 127) : kHalfNan;
  const float scale = f16_to_f32(half), inverse = scale > 0 ? 1 / scale : 0;
  std::memcpy(p, &half, sizeof half);
  for (int i = 0; i < 32; ++i) {
    const float code = is_finite ? std::nearbyintf(x[i] * inverse) : 0;
    p[sizeof half + static_cast<size_t>(i)] =
        static_cast<std::byte>(static_cast<int8_t>(std::clamp(code, -127.0f, 127.0f)));
  }
}

void store_kv_row(std::byte* p, KvType type, const float* x, int n) {
  if (type != KvType::Q8_0) return quant::encode_row(quant::block_type(type), x, p, static_cast<size_t>(n));
  for (int i = 0; i < n; i += 32) store_block(p + quant::kv_row_bytes(type, i), x + i);
}

bool same_run(std::span<const BidirectionalRun> runs, int a, int b) {
  return std::any_of(runs.begin(), runs.end(), [=](const BidirectionalRun& run) {
    return run.begin <= a && a < run.end && run.begin <= b && b < run.end;
  });
}

// The last position that a query at `position` may see.
int last_visible(const AttnSpec& spec, int position) {
  int last = position;
  for (const BidirectionalRun& run : spec.runs)
    if (run.begin <= position && position < run.end) last = std::max(last, run.end - 1);
  return last;
}

}  // namespace

void Ops::embed(Mat out, std::span<const int32_t> ids, const Weight& table, int first_col, float scale) noexcept {
  std::vector<float> row(static_cast<size_t>(table.n_in));
  for (int r = 0; r < out.n_rows; ++r) {
    const int32_t id = ids[static_cast<size_t>(r)];
    assert(id >= 0 && id < table.n_out);
    quant::decode_row(table.type, table.data + table.row_bytes() * static_cast<size_t>(id), row.data(), row.size());
    for (int c = 0; c < out.n_cols; ++c) out.row(r)[c] = row[static_cast<size_t>(first_col + c)] * scale * table.scale;
  }
}

void Ops::rms_norm(Mat out, ConstMat x, Vec w, float eps) noexcept {
  for (int r = 0; r < x.n_rows; ++r) {
    const double mean = dot(x.row(r), x.row(r), x.n_cols) / x.n_cols;
    const double factor = 1 / std::sqrt(mean + eps);
    for (int c = 0; c < x.n_cols; ++c)
      out.row(r)[c] = static_cast<float>(x.row(r)[c] * factor * (w.empty() ? 1.0 : w[static_cast<size_t>(c)]));
  }
}

void Ops::linear(Mat out, ConstMat x, const Weight& w) noexcept {
  assert(x.n_cols == w.n_in && out.n_cols == w.n_out && out.n_rows == x.n_rows);
  std::vector<float> row(static_cast<size_t>(w.n_in));
  for (int o = 0; o < w.n_out; ++o) {
    quant::decode_row(w.type, w.data + w.row_bytes() * static_cast<size_t>(o), row.data(), row.size());
    for (int r = 0; r < x.n_rows; ++r) out.row(r)[o] = static_cast<float>(dot(x.row(r), row.data(), w.n_in) * w.scale);
  }
}

void Ops::gelu_mul(Mat out, ConstMat gate, ConstMat up) noexcept {
  for (int r = 0; r < out.n_rows; ++r)
    for (int c = 0; c < out.n_cols; ++c) out.row(r)[c] = static_cast<float>(gelu_tanh(gate.row(r)[c]) * up.row(r)[c]);
}

void Ops::rope(Mat x, int head_dim, ConstMat cos, ConstMat sin) noexcept {
  const int half = head_dim / 2;
  for (int r = 0; r < x.n_rows; ++r)
    for (int head = 0; head < x.n_cols / head_dim; ++head) {
      float* v = x.row(r) + head * head_dim;
      for (int i = 0; i < cos.n_cols; ++i) {
        const double c = cos.row(r)[i], s = sin.row(r)[i], a = v[i], b = v[i + half];
        v[i] = static_cast<float>(a * c - b * s);
        v[i + half] = static_cast<float>(b * c + a * s);
      }
    }
}

void Ops::store_kv(const KvView& kv, std::span<const int> positions, ConstMat k, ConstMat v) noexcept {
  for (int r = 0; r < k.n_rows; ++r)
    for (int head = 0; head < kv.n_heads; ++head) {
      const int position = positions[static_cast<size_t>(r)];
      store_kv_row(kv.k(head, position), kv.type, k.row(r) + head * kv.head_dim, kv.head_dim);
      store_kv_row(kv.v(head, position), kv.type, v.row(r) + head * kv.head_dim, kv.head_dim);
    }
}

void Ops::attention(Mat out, ConstMat q, const KvView& kv, const AttnSpec& spec) noexcept {
  const int n_heads = q.n_cols / kv.head_dim, group = n_heads / kv.n_heads;
  std::vector<double> p, sum(static_cast<size_t>(kv.head_dim));
  std::vector<float> row(sum.size());
  const auto load = [&](const std::byte* from) {
    quant::decode_row(quant::block_type(kv.type), from, row.data(), row.size());
    return row.data();
  };
  for (int r = 0; r < q.n_rows; ++r) {
    const int position = spec.positions[static_cast<size_t>(r)];
    const int first = spec.window > 0 ? std::max(0, position - spec.window + 1) : 0;
    const int last = last_visible(spec, position);
    for (int head = 0; head < n_heads; ++head) {
      const float* query = q.row(r) + head * kv.head_dim;
      p.assign(static_cast<size_t>(last - first + 1), -INFINITY);
      double top = -INFINITY;
      for (int t = first; t <= last; ++t) {
        if (t > position && !same_run(spec.runs, position, t)) continue;
        const float* key = load(kv.k(head / group, t));
        double s = 0;
        for (int i = 0; i < kv.head_dim; ++i) s += static_cast<double>(query[i]) * key[i];
        p[static_cast<size_t>(t - first)] = s * spec.scale;
        top = std::max(top, s * spec.scale);
      }
      double total = 0;
      std::fill(sum.begin(), sum.end(), 0.0);
      for (int t = first; t <= last; ++t) {
        const double weight = std::exp(p[static_cast<size_t>(t - first)] - top);
        if (weight == 0) continue;
        total += weight;
        const float* value = load(kv.v(head / group, t));
        for (int i = 0; i < kv.head_dim; ++i) sum[static_cast<size_t>(i)] += weight * value[i];
      }
      float* o = out.row(r) + head * kv.head_dim;
      for (int i = 0; i < kv.head_dim; ++i) o[i] = static_cast<float>(sum[static_cast<size_t>(i)] / total);
    }
  }
}

void Ops::add(Mat x, ConstMat y) noexcept {
  for (int r = 0; r < x.n_rows; ++r)
    for (int c = 0; c < x.n_cols; ++c) x.row(r)[c] += y.row(r)[c];
}

void Ops::scale(Mat x, float factor) noexcept {
  for (int r = 0; r < x.n_rows; ++r)
    for (int c = 0; c < x.n_cols; ++c) x.row(r)[c] *= factor;
}

void Ops::scale_cols(Mat out, ConstMat x, Vec factors) noexcept {
  for (int r = 0; r < x.n_rows; ++r)
    for (int c = 0; c < x.n_cols; ++c) out.row(r)[c] = x.row(r)[c] * factors[static_cast<size_t>(c)];
}

void Ops::softcap(Mat x, float cap) noexcept {
  for (int r = 0; r < x.n_rows; ++r)
    for (int c = 0; c < x.n_cols; ++c) x.row(r)[c] = static_cast<float>(cap * std::tanh(x.row(r)[c] / double{cap}));
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
    const double top = *std::max_element(p, p + logits.n_cols);
    double total = 0;
    for (int e = 0; e < logits.n_cols; ++e) total += std::exp(p[e] - top);
    for (int e = 0; e < logits.n_cols; ++e) p[e] = static_cast<float>(std::exp(p[e] - top) / total);

    std::vector<int> order(static_cast<size_t>(logits.n_cols));
    for (int e = 0; e < logits.n_cols; ++e) order[static_cast<size_t>(e)] = e;
    std::stable_sort(order.begin(), order.end(), [p](int a, int b) { return p[a] > p[b]; });
    double used = 0;
    for (int j = 0; j < routing.n_used; ++j) used += p[order[static_cast<size_t>(j)]];
    for (int j = 0; j < routing.n_used; ++j) {
      const int e = order[static_cast<size_t>(j)];
      routing.index[r * routing.n_used + j] = e;
      const double factor = expert_scale.empty() ? 1.0 : expert_scale[static_cast<size_t>(e)];
      routing.weight[r * routing.n_used + j] = static_cast<float>(p[e] / used * factor);
    }
  }
}

void Ops::experts(Mat out, ConstMat x, const Routing& routing, const ExpertWeight& gate, const ExpertWeight& up,
                  const ExpertWeight& down) noexcept {
  const int n_ff = down.first.n_in;
  std::vector<float> a(static_cast<size_t>(n_ff)), b(a), y(static_cast<size_t>(out.n_cols));
  std::vector<double> sum(y.size());
  for (int r = 0; r < x.n_rows; ++r) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (int j = 0; j < routing.n_used; ++j) {
      const int e = routing.index[r * routing.n_used + j];
      const Mat g(a.data(), 1, n_ff), u(b.data(), 1, n_ff), d(y.data(), 1, out.n_cols);
      linear(g, x.rows(r, 1), gate.expert(e).rows(0, n_ff));
      linear(u, x.rows(r, 1), up.empty() ? gate.expert(e).rows(n_ff, n_ff) : up.expert(e));
      gelu_mul(g, g, u);
      linear(d, g, down.expert(e));
      for (size_t c = 0; c < y.size(); ++c) sum[c] += double{routing.weight[r * routing.n_used + j]} * y[c];
    }
    for (int c = 0; c < out.n_cols; ++c) out.row(r)[c] = static_cast<float>(sum[static_cast<size_t>(c)]);
  }
}

}  // namespace facet::ops::ref
