// Reads little-endian fields from bytes with every bound checked; messages name the file and the place. Internal to
// gguf/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace facet::gguf {

class Cursor {
 public:
  Cursor(std::span<const std::byte> bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  size_t position() const noexcept { return position_; }
  size_t remaining() const noexcept { return bytes_.size() - position_; }

  template <class T>
  T read(std::string_view what) {
    need(sizeof(T), what);
    T v;
    std::memcpy(&v, bytes_.data() + position_, sizeof v);
    position_ += sizeof v;
    return v;
  }

  std::string_view read_string(std::string_view what, uint64_t max_bytes = kMaxLength) {
    const uint64_t n = read<uint64_t>(what);
    if (n > max_bytes) fail(fmt::format("{} has {} bytes, expected at most {}", what, n, max_bytes));
    need(n, what);
    const std::string_view s(reinterpret_cast<const char*>(bytes_.data()) + position_, static_cast<size_t>(n));
    position_ += static_cast<size_t>(n);
    return s;
  }

  void skip(size_t n, std::string_view what) {
    need(n, what);
    position_ += n;
  }

  // Whether `count` things of at least element_bytes can still be there; asked before anything is allocated for them.
  void check_count(uint64_t count, size_t element_bytes, std::string_view what, uint64_t max_count = kMaxLength) const {
    if (count > max_count) fail(fmt::format("{} are {}, expected at most {}", what, count, max_count));
    if (count > remaining() / element_bytes)
      fail(fmt::format("{} are {}, which need {} bytes each at least, and {} bytes follow", what, count, element_bytes,
                       remaining()));
  }

  void skip_array(uint64_t count, size_t element_bytes, std::string_view what) {
    check_count(count, element_bytes, what);
    position_ += static_cast<size_t>(count) * element_bytes;
  }

  [[noreturn]] void fail(std::string_view what) const {
    throw_error<FormatError>("{}: at byte {}: {}", name_, position_, what);
  }

 private:
  static constexpr uint64_t kMaxLength = uint64_t{1} << 30;

  void need(uint64_t n, std::string_view what) const {
    if (n > remaining())
      fail(fmt::format("the file is cut off: {} needs {} bytes, and {} follow", what, n, remaining()));
  }

  std::span<const std::byte> bytes_;
  const std::string& name_;
  size_t position_ = 0;
};

}  // namespace facet::gguf
