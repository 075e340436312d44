#include "model/tensor_source.h"

#include <mutex>
#include <set>
#include <utility>

#include "base/error.h"
#include "model/tensor_names.h"

namespace facet::model {
namespace {

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
  explicit GgufSource(gguf::File file)
      : file_(std::move(file)),
        is_ollama_(file_.find_tensor("mm.a.fc.weight") != nullptr ||
                   file_.find_tensor("a.blk.0.linear_pos.weight") != nullptr) {}

  std::optional<SourceTensor> find(std::string_view name) const override {
    const gguf::Tensor* t = file_.find_tensor(is_ollama_ ? ollama_name(name) : name);
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
  Layout layout() const noexcept override { return Layout::Gguf; }
  std::string format() const override {
    return fmt::format("GGUF v{}{}", file_.version(), count_files(file_.shard_paths().size()));
  }
  uint64_t total_bytes() const noexcept override { return file_.total_bytes(); }
  void check_unchanged() const override { file_.check_unchanged(); }

  // Ollama's converter writes image and sound encoders into the text model's file.
  std::vector<std::string> unclaimed() const override {
    std::vector<std::string> names;
    for (const gguf::Tensor& t : file_.tensors())
      if (!claims_.has(t.name) && !is_encoder_tensor(t.name)) names.emplace_back(t.name);
    return names;
  }

 private:
  static std::vector<uint64_t> row_major(const gguf::Tensor& t) { return {t.ne.rend() - t.n_dims, t.ne.rend()}; }

  gguf::File file_;
  bool is_ollama_;  // encoders of sound have the names that Ollama's converter gave them
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
    const safetensors::Tensor* t = find_stored(gguf_name);
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
  Layout layout() const noexcept override { return Layout::HuggingFace; }
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
  const safetensors::Tensor* find_stored(std::string_view gguf_name) const {
    if (gguf_name == "output.weight")
      return find_any({"lm_head.weight", "model.lm_head.weight", "language_model.lm_head.weight"});
    const bool encoder = is_encoder_tensor(gguf_name);
    for (const std::string& name : hugging_face_names(gguf_name))
      if (const auto* t = encoder ? find_any({"model." + name, name}) : file_.find(prefix_ + name)) return t;
    return nullptr;
  }

  const safetensors::Tensor* find_any(std::initializer_list<std::string> names) const {
    for (const std::string& name : names)
      if (const auto* t = file_.find(name)) return t;
    return nullptr;
  }

  safetensors::File file_;
  std::string prefix_;  // of the text model
  Claims claims_;
};

}  // namespace

std::unique_ptr<TensorSource> make_tensor_source(gguf::File file) {
  return std::make_unique<GgufSource>(std::move(file));
}

std::unique_ptr<TensorSource> make_tensor_source(safetensors::File file) {
  return std::make_unique<SafetensorsSource>(std::move(file));
}

}  // namespace facet::model
