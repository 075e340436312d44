// The JSON part of a safetensors file: bytes -> checked tensors, and JSON read with bounds. Internal to safetensors/.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "safetensors/reader.h"

namespace facet::safetensors {

constexpr uint64_t kMaxJsonBytes = 100'000'000;  // of a header, as the format's own library has it, or of an index

// Throws FormatError, naming `where`: not JSON, a name twice in one object, too deep, or more entries than any
// checkpoint has (memory stays bounded).
nlohmann::json parse_json(std::string_view text, const std::string& where);

struct Header {
  std::vector<Tensor> tensors;  // in file order
  std::map<std::string, std::string> metadata;
};

// file: for messages.
Header read_header(std::span<const std::byte> bytes, const std::string& file);

}  // namespace facet::safetensors
