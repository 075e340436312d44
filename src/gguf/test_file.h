// Builds GGUF bytes for tests, right ones and, on request, lying ones. Used by the tests of gguf/ and of those above
// it.
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "gguf/reader.h"
#include "quant/block_type.h"

namespace facet::gguf {

class TestFile {
 public:
  // What the header says; the counts are those of what was added unless set.
  std::string magic = "GGUF";
  uint32_t version = 3;
  std::optional<uint64_t> n_tensors, n_values;
  uint64_t alignment = 32;      // of the layout; add the key general.alignment to tell the reader
  bool pad_last_tensor = true;  // to the alignment

  template <class T>
  TestFile& value(std::string_view key, T v) {
    if constexpr (std::is_convertible_v<T, std::string_view>) {
      return raw_value(key, ValueType::String, length_and_bytes(v));
    } else {
      return raw_value(key, type_of<T>(), bytes_of(v));
    }
  }
  template <class T>
  TestFile& array(std::string_view key, const std::vector<T>& elements) {
    std::string bytes;
    constexpr bool strings = std::is_convertible_v<T, std::string_view>;
    for (const T& e : elements)
      if constexpr (strings)
        bytes += length_and_bytes(e);
      else
        bytes += bytes_of(e);
    ValueType type = ValueType::String;
    if constexpr (!strings) type = type_of<T>();
    return raw_array(key, static_cast<uint32_t>(type), elements.size(), bytes);
  }
  TestFile& raw_array(std::string_view key, uint32_t element_type, uint64_t count, std::string_view elements) {
    return raw_value(key, ValueType::Array, bytes_of(element_type) + bytes_of(count) + std::string(elements));
  }
  TestFile& raw_value(std::string_view key, ValueType type, std::string_view payload) {
    values_.push_back(length_and_bytes(key) + bytes_of(static_cast<uint32_t>(type)) + std::string(payload));
    return *this;
  }
  // Any bytes in the place of a key and its value.
  TestFile& raw_entry(std::string bytes) {
    values_.push_back(std::move(bytes));
    return *this;
  }
  TestFile& set(std::string_view key, auto v) { return remove(key).value(key, v); }
  TestFile& remove(std::string_view key) {
    std::erase_if(values_, [&](const std::string& v) { return v.starts_with(length_and_bytes(key)); });
    return *this;
  }

  struct TensorSpec {
    std::string name;
    std::vector<uint64_t> ne;
    uint32_t type = 0;
    std::string data;                // empty: zeros, as many as ne and type need
    std::optional<uint64_t> offset;  // said in place of the right one
    std::optional<uint32_t> n_dims;

    uint64_t n_bytes() const {
      if (!data.empty()) return data.size();
      const auto info = quant::find_block_type(type);
      uint64_t n = info ? info->n_bytes : 4;
      for (size_t d = 0; d < ne.size(); ++d) n *= d == 0 && info ? ne[d] / info->n_elements : ne[d];
      return n;
    }
  };
  std::vector<TensorSpec> tensors;

  TestFile& tensor(std::string_view name, std::vector<uint64_t> ne, quant::BlockType type = quant::BlockType::F32,
                   std::string data = {}) {
    tensors.push_back({std::string(name), std::move(ne), static_cast<uint32_t>(type), std::move(data), {}, {}});
    return *this;
  }
  TensorSpec& find(std::string_view name) {
    for (TensorSpec& t : tensors)
      if (t.name == name) return t;
    throw std::out_of_range("no such tensor in the test file");
  }
  TestFile& remove_tensor(std::string_view name) {
    std::erase_if(tensors, [&](const TensorSpec& t) { return t.name == name; });
    return *this;
  }

  // Header, keys and tensor directory, up to where data begins.
  std::string head() const {
    std::string out = magic + bytes_of(version) + bytes_of(n_tensors.value_or(tensors.size())) +
                      bytes_of(n_values.value_or(values_.size()));
    for (const std::string& v : values_) out += v;
    uint64_t offset = 0;
    for (const TensorSpec& t : tensors) {
      out += length_and_bytes(t.name) + bytes_of(t.n_dims.value_or(static_cast<uint32_t>(t.ne.size())));
      for (const uint64_t n : t.ne) out += bytes_of(n);
      out += bytes_of(t.type) + bytes_of(t.offset.value_or(offset));
      offset = aligned(offset + t.n_bytes());
    }
    if (!tensors.empty()) out.resize(aligned(out.size()));
    return out;
  }
  uint64_t data_bytes() const {
    uint64_t n = 0;
    for (size_t i = 0; i < tensors.size(); ++i) {
      n += tensors[i].n_bytes();
      if (i + 1 < tensors.size() || pad_last_tensor) n = aligned(n);
    }
    return n;
  }
  std::string bytes() const {
    std::string out = head();
    const size_t data_start = out.size();
    uint64_t offset = 0;
    for (const TensorSpec& t : tensors) {
      out.resize(data_start + offset);
      out += t.data;
      offset = aligned(offset + t.n_bytes());
    }
    out.resize(data_start + data_bytes());
    return out;
  }
  void write(const std::string& path) const { std::ofstream(path, std::ios::binary) << bytes(); }

  template <class T>
  static std::string bytes_of(T v) {
    return {reinterpret_cast<const char*>(&v), sizeof v};
  }
  static std::string length_and_bytes(std::string_view s) { return bytes_of(uint64_t{s.size()}) + std::string(s); }
  // A vector of floats as the bytes of an F32 tensor.
  static std::string f32(const std::vector<float>& v) {
    return {reinterpret_cast<const char*>(v.data()), v.size() * sizeof(float)};
  }

 private:
  template <class T>
  static constexpr ValueType type_of() {
    if constexpr (std::is_same_v<T, bool>)
      return ValueType::Bool;
    else if constexpr (std::is_same_v<T, float>)
      return ValueType::F32;
    else if constexpr (std::is_same_v<T, double>)
      return ValueType::F64;
    else if constexpr (std::is_same_v<T, uint8_t>)
      return ValueType::U8;
    else if constexpr (std::is_same_v<T, int8_t>)
      return ValueType::I8;
    else if constexpr (std::is_same_v<T, uint16_t>)
      return ValueType::U16;
    else if constexpr (std::is_same_v<T, int16_t>)
      return ValueType::I16;
    else if constexpr (std::is_same_v<T, uint32_t>)
      return ValueType::U32;
    else if constexpr (std::is_same_v<T, int32_t>)
      return ValueType::I32;
    else if constexpr (std::is_same_v<T, uint64_t>)
      return ValueType::U64;
    else
      return ValueType::I64;
  }
  uint64_t aligned(uint64_t n) const { return (n + alignment - 1) / alignment * alignment; }

  std::vector<std::string> values_;
};

}  // namespace facet::gguf
