#include "model/binder.h"

#include <fmt/ranges.h>

#include <cmath>
#include <numeric>

#include "base/error.h"
#include "model/tensor_names.h"

namespace facet::model {
namespace {

std::string show(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }
uint64_t u(int n) { return static_cast<uint64_t>(n); }

std::string describe(const std::string& name) {
  const auto theirs = hugging_face_name(name);
  return theirs ? fmt::format("{} ({} in checkpoints)", name, *theirs) : name;
}

Shape without_ones(Shape shape) {
  std::erase(shape, uint64_t{1});
  return shape;
}

}  // namespace

Weight Binder::matrix(const std::string& name, int n_out, int n_in, Need need) const {
  const auto t = take(name + ".weight", {u(n_out), u(n_in)}, need);
  return t ? Weight{t->data.data(), t->type, n_in, n_out, 1} : Weight{};
}

ClippedWeight Binder::clipped(const std::string& name, int n_out, int n_in, Need need) const {
  ClippedWeight c;
  c.w = matrix(name, n_out, n_in, need);
  if (c.w.empty()) return c;
  // A limit that training left alone may be written as an infinity.
  const auto limit = [&](const char* which, float& value) {
    const auto t = take(name + which, {1}, Need::Optional);
    if (!t) return;
    quant::decode_row(t->type, t->data.data(), &value, 1);
    if (std::isnan(value)) fail(*t, "holds no number; the file is damaged");
  };
  limit(".input_min", c.input_min);
  limit(".input_max", c.input_max);
  limit(".output_min", c.output_min);
  limit(".output_max", c.output_max);
  if (c.input_min > c.input_max || c.output_min > c.output_max)
    throw_error<FormatError>(
        "{}: the limits of {} are [{}, {}] for inputs and [{}, {}] for outputs, which leave nothing", source_.path(),
        name, c.input_min, c.input_max, c.output_min, c.output_max);
  return c;
}

std::vector<float> Binder::floats(const std::string& name, const Shape& shape, Need need) const {
  const auto t = take(name, shape, need);
  if (!t) return {};
  std::vector<float> v(std::accumulate(shape.begin(), shape.end(), size_t{1}, std::multiplies<>()));
  quant::decode_row(t->type, t->data.data(), v.data(), v.size());
  for (const float x : v)
    if (!std::isfinite(x)) fail(*t, "holds a value that is not a finite number; the file is damaged");
  return v;
}

std::vector<float> Binder::vector(const std::string& name, int n, Need need) const {
  return floats(name, {u(n)}, need);
}

std::optional<SourceTensor> Binder::take(const std::string& name, const Shape& shape, Need need) const {
  auto t = source_.find(name);
  if (!t) {
    if (need == Need::Optional) return {};
    throw_error<FormatError>("{}: tensor {} is missing", source_.path(), describe(name));
  }
  if (without_ones(t->shape) != without_ones(shape))
    fail(*t, fmt::format("has shape {}, expected {} (outputs first)", show(t->shape), show(shape)));
  const quant::BlockInfo& info = quant::block_info(t->type);
  if (!info.is_weight) fail(*t, fmt::format("has type {}, which holds no weights", info.name));
  if (shape.back() % info.n_elements != 0)
    fail(*t, fmt::format("has rows of {}, which {} cannot hold", shape.back(), info.name));
  return t;
}

void Binder::fail(const SourceTensor& t, const std::string& what) const {
  throw_error<FormatError>("{}: tensor {} {}", source_.path(), t.name, what);
}

}  // namespace facet::model
