// One file's bytes -> its keys and tensors, checked. Internal to gguf/.
#pragma once

#include <string>
#include <vector>

#include "gguf/reader.h"

namespace facet::gguf {

struct Directory {
  int version = 0;
  std::vector<Value> values;
  std::vector<Tensor> tensors;
};

// name: for messages. shard: what the tensors say of where they lie. Names are not compared.
Directory read_directory(std::span<const std::byte> bytes, const std::string& name, int shard);

}  // namespace facet::gguf
