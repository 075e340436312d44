// A decorator that keeps the named intermediates of a forward pass, row after row as steps go by.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ops/forwarding_ops.h"

namespace facet::ops {

struct DumpedTensor {
  int n_rows = 0, n_cols = 0;
  std::vector<float> values;  // [n_rows, n_cols]
};

// By name: "embed", "per_layer_inputs", "final_norm", and "layer.N.X" with X = q, k, v, attn_heads, attn_out, mlp_out,
// router_probs, router_index, router_weights, experts_out, out; layers of encoders as "audio_layer.N.X".
using Dump = std::map<std::string, DumpedTensor>;

class DumpOps final : public ForwardingOps {
 public:
  // dump outlives the object; whoever owns both clears it between runs. wants: which names are kept, by default all.
  DumpOps(std::unique_ptr<Ops> inner, Dump& dump, std::function<bool(const std::string& name)> wants = {})
      : ForwardingOps(std::move(inner)), dump_(dump), wants_(std::move(wants)) {}

  void probe(std::string_view name, int layer, ConstMat x) noexcept override;
  void probe_routing(int layer, const Routing& routing) noexcept override;

 private:
  void append(std::string_view name, int layer, ConstMat x);

  Dump& dump_;
  std::function<bool(const std::string&)> wants_;
};

}  // namespace facet::ops
