// Writes a .safetensors file.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "safetensors/reader.h"

namespace facet::safetensors {

struct TensorToWrite {
  std::string name;
  Dtype dtype;
  std::vector<uint64_t> shape;
  std::span<const std::byte> data;  // row-major
};

// Through a temporary file beside it, so that a failure leaves nothing half-written. Throws ResourceError.
void write(const std::string& path, std::span<const TensorToWrite> tensors,
           const std::map<std::string, std::string>& metadata = {});

}  // namespace facet::safetensors
