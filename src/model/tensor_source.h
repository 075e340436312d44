// One way to ask for a model's tensors, whatever the container: by GGUF name, with row-major shape and block type.
// Views point into the mapped files, which the source owns.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/reader.h"
#include "quant/block_type.h"
#include "safetensors/reader.h"

namespace facet::model {

struct SourceTensor {
  std::string name;  // as the file spells it
  quant::BlockType type;
  std::vector<uint64_t> shape;  // row-major: [out, in], [experts, out, in], [n]
  std::span<const std::byte> data;
};

// What a listing says of a tensor, whether or not a model can use its type.
struct TensorFacts {
  std::string name;            // as the file spells it
  std::string_view type_name;  // as its format spells it: "q4_0", "BF16"
  std::vector<uint64_t> shape;
  uint64_t n_bytes;
};

// A few tensors of the encoders differ between the containers by more than their name:
//                                  HuggingFace                       Gguf
//   v.patch_embd, v.patch_norm.1   rows of [row, column, channel]    rows of [channel, row, column]
//   v.position_embd, no tower      [position, axis, width]           [axis, position, width]
//   a.blk.N.per_dim_scale          before softplus                   after softplus
//   a.blk.N.conv_dw                [width, 1, kernel]                [width, kernel]
enum class Layout { HuggingFace, Gguf };

class TensorSource {
 public:
  virtual ~TensorSource() = default;
  virtual std::optional<SourceTensor> find(std::string_view gguf_name) const = 0;
  virtual Layout layout() const noexcept = 0;
  virtual std::vector<TensorFacts> all() const = 0;  // of the files, in their order
  virtual const std::string& path() const noexcept = 0;
  virtual std::string format() const = 0;  // for people: "GGUF v3, 2 files"
  virtual uint64_t total_bytes() const noexcept = 0;
  // Throws ResourceError when a file is not what it was when it was opened: what was computed since is worth nothing.
  virtual void check_unchanged() const = 0;
  // Names (as the file spells them) of text-model tensors that nobody asked for with find(); those of image and sound
  // encoders in the same file do not count.
  virtual std::vector<std::string> unclaimed() const = 0;
};

std::unique_ptr<TensorSource> make_tensor_source(gguf::File file);
// How the checkpoint starts its text model's names is found from them. Throws FormatError when it cannot be.
std::unique_ptr<TensorSource> make_tensor_source(safetensors::File file);

}  // namespace facet::model
