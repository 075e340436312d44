#include "model/tensor_source.h"

#include <array>
#include <mutex>
#include <set>
#include <utility>

#include "base/error.h"

namespace facet::model {
namespace {

using Name = std::pair<std::string_view, std::string_view>;

constexpr std::array<Name, 5> kModelNames{{
    {"token_embd.weight", "embed_tokens.weight"},
    {"output_norm.weight", "norm.weight"},
    {"per_layer_token_embd.weight", "embed_tokens_per_layer.weight"},
    {"per_layer_model_proj.weight", "per_layer_model_projection.weight"},
    {"per_layer_proj_norm.weight", "per_layer_projection_norm.weight"},
}};

constexpr std::array<Name, 25> kLayerNames{{
    {"attn_norm.weight", "input_layernorm.weight"},
    {"attn_q.weight", "self_attn.q_proj.weight"},
    {"attn_k.weight", "self_attn.k_proj.weight"},
    {"attn_v.weight", "self_attn.v_proj.weight"},
    {"attn_output.weight", "self_attn.o_proj.weight"},
    {"attn_q_norm.weight", "self_attn.q_norm.weight"},
    {"attn_k_norm.weight", "self_attn.k_norm.weight"},
    {"post_attention_norm.weight", "post_attention_layernorm.weight"},
    {"ffn_norm.weight", "pre_feedforward_layernorm.weight"},
    {"ffn_gate.weight", "mlp.gate_proj.weight"},
    {"ffn_up.weight", "mlp.up_proj.weight"},
    {"ffn_down.weight", "mlp.down_proj.weight"},
    {"post_ffw_norm.weight", "post_feedforward_layernorm.weight"},
    {"layer_output_scale.weight", "layer_scalar"},
    {"inp_gate.weight", "per_layer_input_gate.weight"},
    {"proj.weight", "per_layer_projection.weight"},
    {"post_norm.weight", "post_per_layer_input_norm.weight"},
    {"ffn_gate_inp.weight", "router.proj.weight"},
    {"ffn_gate_inp.scale", "router.scale"},
    {"pre_ffw_norm_2.weight", "pre_feedforward_layernorm_2.weight"},
    {"post_ffw_norm_1.weight", "post_feedforward_layernorm_1.weight"},
    {"post_ffw_norm_2.weight", "post_feedforward_layernorm_2.weight"},
    {"ffn_gate_up_exps.weight", "experts.gate_up_proj"},
    {"ffn_down_exps.weight", "experts.down_proj"},
    {"ffn_down_exps.scale", "router.per_expert_scale"},
}};

template <size_t N>
std::optional<std::string_view> lookup(const std::array<Name, N>& names, std::string_view gguf_name) {
  for (const auto& [ours, theirs] : names)
    if (ours == gguf_name) return theirs;
  return {};
}

std::string count_files(size_t n) { return n == 1 ? "" : fmt::format(", {} files", n); }

// Remembers what was asked for, so that leftovers can be named.
class Claims {
 public:
  void add(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    claimed_.emplace(name);
  }
  bool has(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    return claimed_.contains(name);
  }

 private:
  mutable std::mutex mutex_;
  mutable std::set<std::string, std::less<>> claimed_;
};

class GgufSource final : public TensorSource {
 public:
  explicit GgufSource(gguf::File file) : file_(std::move(file)) {}

  std::optional<SourceTensor> find(std::string_view name) const override {
    const gguf::Tensor* t = file_.find_tensor(name);
    // Older Ollama conversions call the experts' output scale by the router.
    if (t == nullptr && name.ends_with(".ffn_down_exps.scale")) {
      const std::string old =
          std::string(name.substr(0, name.size() - std::string_view("ffn_down_exps.scale").size())) +
          "ffn_gate_inp.per_expert_scale";
      t = file_.find_tensor(old);
    }
    if (t == nullptr) return {};
    claims_.add(t->name);
    return SourceTensor{std::string(t->name), t->type, row_major(*t), t->data};
  }

  std::vector<TensorFacts> all() const override {
    std::vector<TensorFacts> out;
    for (const gguf::Tensor& t : file_.tensors())
      out.push_back({std::string(t.name), quant::block_info(t.type).name, row_major(t), t.data.size()});
    return out;
  }

  const std::string& path() const noexcept override { return file_.path(); }
  std::string format() const override {
    return fmt::format("GGUF v{}{}", file_.version(), count_files(file_.shard_paths().size()));
  }
  uint64_t total_bytes() const noexcept override { return file_.total_bytes(); }
  void check_unchanged() const override { file_.check_unchanged(); }

  std::vector<std::string> unclaimed() const override {
    std::vector<std::string> names;
    for (const gguf::Tensor& t : file_.tensors())
      if (!claims_.has(t.name) && !is_encoder(t.name)) names.emplace_back(t.name);
    return names;
  }

 private:
  static std::vector<uint64_t> row_major(const gguf::Tensor& t) { return {t.ne.rend() - t.n_dims, t.ne.rend()}; }

  // Ollama's converter writes image and sound encoders into the text model's file.
  static bool is_encoder(std::string_view name) {
    return name.starts_with("v.") || name.starts_with("a.") || name.starts_with("mm.");
  }

  gguf::File file_;
  Claims claims_;
};

quant::BlockType block_type(const safetensors::Tensor& t, const std::string& path) {
  switch (t.dtype) {
    case safetensors::Dtype::F32:
      return quant::BlockType::F32;
    case safetensors::Dtype::F16:
      return quant::BlockType::F16;
    case safetensors::Dtype::BF16:
      return quant::BlockType::BF16;
    default:
      throw_error<FormatError>("{}: tensor {} has type {}, expected F32, F16 or BF16", path, t.name,
                               safetensors::dtype_name(t.dtype));
  }
}

class SafetensorsSource final : public TensorSource {
 public:
  explicit SafetensorsSource(safetensors::File file) : file_(std::move(file)) {
    for (const char* prefix : {"model.language_model.", "language_model.model.", "model.", ""}) {
      prefix_ = prefix;
      if (file_.find(prefix_ + "embed_tokens.weight") != nullptr) return;
    }
    throw_error<FormatError>("{}: no tensor named embed_tokens.weight: not a Gemma checkpoint", file_.path());
  }

  std::optional<SourceTensor> find(std::string_view gguf_name) const override {
    const safetensors::Tensor* t = nullptr;
    if (gguf_name == "output.weight") {
      for (const char* name : {"lm_head.weight", "model.lm_head.weight", "language_model.lm_head.weight"})
        if (t == nullptr) t = file_.find(name);
    } else if (const auto name = hugging_face_name(gguf_name)) {
      t = file_.find(prefix_ + *name);
    }
    if (t == nullptr) return {};
    claims_.add(t->name);
    return SourceTensor{t->name, block_type(*t, file_.path()), t->shape, t->data};
  }

  std::vector<TensorFacts> all() const override {
    std::vector<TensorFacts> out;
    for (const safetensors::Tensor& t : file_.tensors())
      out.push_back({t.name, safetensors::dtype_name(t.dtype), t.shape, t.data.size()});
    return out;
  }

  const std::string& path() const noexcept override { return file_.path(); }
  std::string format() const override { return "safetensors" + count_files(file_.n_shards()); }
  uint64_t total_bytes() const noexcept override { return file_.total_bytes(); }
  void check_unchanged() const override { file_.check_unchanged(); }

  std::vector<std::string> unclaimed() const override {
    std::vector<std::string> names;
    for (const safetensors::Tensor& t : file_.tensors())
      if (t.name.starts_with(prefix_ + "layers.") && !claims_.has(t.name)) names.push_back(t.name);
    return names;
  }

 private:
  safetensors::File file_;
  std::string prefix_;
  Claims claims_;
};

}  // namespace

std::optional<std::string> hugging_face_name(std::string_view gguf_name) {
  if (!gguf_name.starts_with("blk.")) {
    const auto name = lookup(kModelNames, gguf_name);
    return name ? std::optional<std::string>(*name) : std::nullopt;
  }
  const std::string_view rest = gguf_name.substr(4);
  const size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return {};
  const auto name = lookup(kLayerNames, rest.substr(dot + 1));
  if (!name) return {};
  return fmt::format("layers.{}.{}", rest.substr(0, dot), *name);
}

std::unique_ptr<TensorSource> make_tensor_source(gguf::File file) {
  return std::make_unique<GgufSource>(std::move(file));
}

std::unique_ptr<TensorSource> make_tensor_source(safetensors::File file) {
  return std::make_unique<SafetensorsSource>(std::move(file));
}

}  // namespace facet::model
