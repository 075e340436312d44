// Finds the tensors of a model by their GGUF names and checks what they are: their shape, that their type holds
// weights, that short vectors are finite. Matrices stay views of the mapped file. Throws FormatError, naming the file
// and the tensor.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/tensor_source.h"
#include "ops/ops.h"

namespace facet::model {

using ops::Weight;
using Shape = std::vector<uint64_t>;  // outputs first
enum class Need { Required, Optional };

// A matrix of an encoder: its input is clamped before the product, and the result after it, each within limits of its
// own. Files without limits leave both alone.
struct ClippedWeight {
  Weight w;
  float input_min = -ops::Finish::kNoLimit, input_max = ops::Finish::kNoLimit;
  float output_min = -ops::Finish::kNoLimit, output_max = ops::Finish::kNoLimit;

  bool clips_input() const noexcept { return input_min > -ops::Finish::kNoLimit || input_max < ops::Finish::kNoLimit; }
  bool clips_output() const noexcept { return output().clamps(); }
  bool clips() const noexcept { return clips_input() || clips_output(); }
  ops::Finish output() const noexcept { return {output_min, output_max}; }
};

class Binder {
 public:
  // The source outlives the binder.
  explicit Binder(const TensorSource& source) : source_(source) {}

  const TensorSource& source() const noexcept { return source_; }

  // The tensor `name`.weight as a matrix [n_out, n_in]; empty when it is optional and absent.
  Weight matrix(const std::string& name, int n_out, int n_in, Need need = Need::Required) const;
  // The same with the limits that stand beside it as `name`.input_min and so on.
  ClippedWeight clipped(const std::string& name, int n_out, int n_in, Need need = Need::Required) const;
  // The tensor of this whole name as f32; empty when it is optional and absent.
  std::vector<float> floats(const std::string& name, const Shape& shape, Need need = Need::Required) const;
  std::vector<float> vector(const std::string& name, int n, Need need = Need::Required) const;

  // Dimensions of one element do not count: a vector may be written as a matrix of one row.
  std::optional<SourceTensor> take(const std::string& name, const Shape& shape, Need need) const;

 private:
  [[noreturn]] void fail(const SourceTensor& t, const std::string& what) const;

  const TensorSource& source_;
};

}  // namespace facet::model
