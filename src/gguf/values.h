// Keys and their values: reading and conversion. Internal to gguf/.
#pragma once

#include <cstring>
#include <optional>
#include <string_view>

#include "gguf/cursor.h"
#include "gguf/reader.h"

namespace facet::gguf {

std::string_view type_name(ValueType type) noexcept;
size_t value_bytes(ValueType type) noexcept;  // 0 for strings and arrays
bool is_integer(ValueType type) noexcept;     // bools count

// The next key with its value; arrays are checked and stepped over.
Value read_value(Cursor& in);

template <class T>
T load(const std::byte* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// The integer at p; nothing when it is negative or `type` is no integer.
std::optional<uint64_t> load_uint(ValueType type, const std::byte* p);

// The number at p, whole or not; nothing when `type` is none.
std::optional<double> load_number(ValueType type, const std::byte* p);

}  // namespace facet::gguf
