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
    if (remaining() < sizeof(T)) cut_off(what);
    T v;
    std::memcpy(&v, bytes_.data() + position_, sizeof v);
    position_ += sizeof v;
    return v;
  }

  std::string_view read_string(std::string_view what) {
    const uint64_t n = read<uint64_t>(what);
    if (n > kMaxLength) fail(fmt::format("{}: a string of {} bytes is absurd", what, n));
    if (n > remaining()) cut_off(what);
    const std::string_view s(reinterpret_cast<const char*>(bytes_.data()) + position_, static_cast<size_t>(n));
    position_ += static_cast<size_t>(n);
    return s;
  }

  // Whether `count` things of at least element_bytes can still be there; asked before anything is allocated for them.
  void check_count(uint64_t count, size_t element_bytes, std::string_view what) const {
    if (count > kMaxLength || count > remaining() / element_bytes)
      fail(fmt::format("{}: {} entries are announced, but only {} bytes follow", what, count, remaining()));
  }

  void skip_array(uint64_t count, size_t element_bytes, std::string_view what) {
    check_count(count, element_bytes, what);
    position_ += static_cast<size_t>(count) * element_bytes;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw_error<FormatError>("{}: {} (at byte {})", name_, what, position_);
  }

 private:
  static constexpr uint64_t kMaxLength = uint64_t{1} << 30;

  [[noreturn]] void cut_off(std::string_view what) const { fail(fmt::format("the file ends inside {}", what)); }

  std::span<const std::byte> bytes_;
  const std::string& name_;
  size_t position_ = 0;
};

}  // namespace facet::gguf
