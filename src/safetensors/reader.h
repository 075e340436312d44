// safetensors files and Hugging Face folders of them: bytes -> tensor directory. All checks are made at open.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace facet::safetensors {

enum class Dtype : uint8_t { F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, Bool };
std::string_view dtype_name(Dtype dtype) noexcept;  // "F32"
size_t dtype_bytes(Dtype dtype) noexcept;

struct Tensor {
  std::string name;
  Dtype dtype;
  std::vector<uint64_t> shape;  // row-major, last dimension moves fastest
  std::span<const std::byte> data;
  uint64_t n_elements() const noexcept;
};

class File {
 public:
  // One .safetensors file. Throws ResourceError or FormatError: header length against the file, JSON, unknown dtypes,
  // offsets that overlap, leave the file or disagree with shape x dtype; header at most 100 MB, nesting at most 16.
  static File open(const std::string& path);
  // A checkpoint folder: model.safetensors, or the shards that model.safetensors.index.json names (each listed tensor
  // must be in its shard, and no name twice).
  static File open_folder(const std::string& folder);
  // Bytes in memory, which must outlive the File. For tests and fuzzing.
  static File parse(std::span<const std::byte> bytes, std::string name);

  File(File&&) noexcept;
  File& operator=(File&&) noexcept;
  ~File();

  const std::string& path() const noexcept;
  uint64_t total_bytes() const noexcept;  // of all shards
  void check_unchanged() const;           // throws ResourceError, see MappedFile
  size_t n_shards() const noexcept;
  std::span<const Tensor> tensors() const noexcept;  // in file order
  const Tensor* find(std::string_view name) const noexcept;
  const std::map<std::string, std::string>& metadata() const noexcept;  // __metadata__

  // Copies a tensor as f32 (from F64, F32, F16, BF16) or i64 (from any integer); FormatError for another dtype.
  std::vector<float> to_f32(std::string_view name) const;
  std::vector<int64_t> to_i64(std::string_view name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
  explicit File(std::unique_ptr<State> state);
};

}  // namespace facet::safetensors
