#include "ops/dump_ops.h"

namespace facet::ops {
namespace {

std::string full_name(std::string_view name, int layer) {
  // Per-layer inputs carry the first layer they belong to; they are one tensor all the same.
  if (layer < 0 || name == "per_layer_inputs") return std::string(name);
  // Those of encoders say so: "audio_layer.out" of layer 3 is audio_layer.3.out.
  const size_t dot = name.find("_layer.") == std::string_view::npos ? 0 : name.find('.') + 1;
  const std::string kind = dot == 0 ? "layer." : std::string(name.substr(0, dot));
  return kind + std::to_string(layer) + "." + std::string(name.substr(dot));
}

}  // namespace

void DumpOps::append(std::string_view name, int layer, ConstMat x) {
  const std::string full = full_name(name, layer);
  if (wants_ && !wants_(full)) return;
  DumpedTensor& t = dump_[full];
  t.n_cols = x.n_cols;
  t.n_rows += x.n_rows;
  for (int r = 0; r < x.n_rows; ++r) t.values.insert(t.values.end(), x.row(r), x.row(r) + x.n_cols);
}

void DumpOps::probe(std::string_view name, int layer, ConstMat x) noexcept { append(name, layer, x); }

void DumpOps::probe_routing(int layer, const Routing& routing) noexcept {
  const size_t n = static_cast<size_t>(routing.n_rows) * static_cast<size_t>(routing.n_used);
  const std::vector<float> index(routing.index, routing.index + n);
  append("router_index", layer, {index.data(), routing.n_rows, routing.n_used});
  append("router_weights", layer, {routing.weight, routing.n_rows, routing.n_used});
}

}  // namespace facet::ops
