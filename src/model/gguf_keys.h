// Checked reading of a GGUF file's keys below one prefix ("gemma4.").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "gguf/reader.h"

namespace facet::model {

class GgufKeys {
 public:
  GgufKeys(const gguf::File& file, std::string prefix) : file_(file), prefix_(std::move(prefix)) {}

  int64_t integer(const std::string& key, std::optional<int64_t> fallback = {}) const {
    const auto value = file_.get_uint(prefix_ + key);
    if (!value && !fallback) missing(key);
    if (value && *value > INT32_MAX)
      throw_error<FormatError>("{}: {}{} is {}, which is absurd", file_.path(), prefix_, key, *value);
    return value ? static_cast<int64_t>(*value) : *fallback;
  }

  double number(const std::string& key, std::optional<double> fallback = {}) const {
    const auto value = file_.get_float(prefix_ + key);
    if (!value && !fallback) missing(key);
    return value ? *value : *fallback;
  }

  // A value per layer, written as an array or as one number for all.
  std::vector<int> per_layer(const std::string& key, int n_layers, std::optional<int64_t> fallback = {}) const {
    const gguf::Value* value = file_.find(prefix_ + key);
    if (value == nullptr || value->type != gguf::ValueType::Array)
      return std::vector<int>(static_cast<size_t>(n_layers), static_cast<int>(integer(key, fallback)));
    const auto array = *file_.get_uint_array(prefix_ + key);
    if (array.size() != static_cast<size_t>(n_layers))
      throw_error<FormatError>("{}: {}{} has {} values for {} layers", file_.path(), prefix_, key, array.size(),
                               n_layers);
    std::vector<int> out;
    for (const uint64_t v : array) out.push_back(v > INT32_MAX ? INT32_MAX : static_cast<int>(v));
    return out;
  }

  bool has(const std::string& key) const { return file_.find(prefix_ + key) != nullptr; }
  bool is_array(const std::string& key) const {
    const gguf::Value* value = file_.find(prefix_ + key);
    return value != nullptr && value->type == gguf::ValueType::Array;
  }

 private:
  [[noreturn]] void missing(const std::string& key) const {
    throw_error<FormatError>("{}: key {}{} is missing", file_.path(), prefix_, key);
  }

  const gguf::File& file_;
  std::string prefix_;
};

}  // namespace facet::model
