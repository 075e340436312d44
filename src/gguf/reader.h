// GGUF files (v2, v3, also split into shards): bytes -> keys and tensor directory. Everything is checked here, so that
// whoever holds a File can use any view of it without further tests. Knows nothing of models.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/memory_file.h"
#include "quant/block_type.h"

namespace facet::gguf {

enum class ValueType : uint32_t {
  U8 = 0,
  I8 = 1,
  U16 = 2,
  I16 = 3,
  U32 = 4,
  I32 = 5,
  F32 = 6,
  Bool = 7,
  String = 8,
  Array = 9,
  U64 = 10,
  I64 = 11,
  F64 = 12,
};

// One tensor of the directory; `data` points into the map.
struct Tensor {
  std::string_view name;
  quant::BlockType type;
  int n_dims;
  std::array<uint64_t, 4> ne;  // ne[0] moves fastest: [in, out, experts]
  std::span<const std::byte> data;
  int shard;             // index of the file it lies in
  uint64_t file_offset;  // in that file
  uint64_t n_elements() const noexcept { return ne[0] * ne[1] * ne[2] * ne[3]; }
};

// One key; getters below convert. `payload` points into the map (for arrays: the packed elements).
struct Value {
  std::string_view key;
  ValueType type;
  ValueType element_type;  // of arrays
  uint64_t count;          // of arrays, else 1
  std::span<const std::byte> payload;
};

class File {
 public:
  // Opens a file or, given the first shard of a split one, all its shards. Throws ResourceError (cannot read) or
  // FormatError (spec/gguf 1.5: every check), naming the file and the place. Milliseconds: reads only the directory.
  static File open(const std::string& path);
  // The same on bytes in memory (single file); they must outlive the File.
  static File parse(std::span<const std::byte> bytes, std::string name);
  // Of the file in memory that has this name, where there is one, else of the path. Nothing is copied.
  static File open(const std::string& path, std::span<const MemoryFile> in_memory);

  // Copies share the maps and are cheap.

  const std::string& path() const noexcept;
  int version() const noexcept;
  uint64_t total_bytes() const noexcept;  // of all shards
  void check_unchanged() const;           // throws ResourceError, see MappedFile
  std::span<const std::string> shard_paths() const noexcept;

  std::span<const Tensor> tensors() const noexcept;  // in file order
  const Tensor* find_tensor(std::string_view name) const noexcept;

  std::span<const Value> values() const noexcept;
  const Value* find(std::string_view key) const noexcept;

  // Typed access. Empty when the key is absent; FormatError (naming file, key, type found, type expected) when it is
  // there with a value of another kind, or with more elements than any model has. Any integer type is taken when the
  // value fits, f64 for f32.
  std::optional<uint64_t> get_uint(std::string_view key) const;
  std::optional<double> get_float(std::string_view key) const;
  std::optional<bool> get_bool(std::string_view key) const;
  std::optional<std::string_view> get_string(std::string_view key) const;
  std::optional<std::vector<uint64_t>> get_uint_array(std::string_view key) const;  // ints or bools, none negative
  std::optional<std::vector<float>> get_float_array(std::string_view key) const;
  std::optional<std::vector<std::string_view>> get_string_array(std::string_view key) const;  // views into the map
  // Calls f(string) for each of an array's; false when the key is absent. Throws as the others.
  bool for_each_string(std::string_view key, const std::function<void(std::string_view)>& f) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
  explicit File(std::shared_ptr<const State> state);
};

}  // namespace facet::gguf
