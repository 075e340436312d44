#include "gguf/values.h"

namespace facet::gguf {
namespace {

constexpr uint64_t kMaxKeyBytes = 65535;
constexpr uint32_t kLastValueType = 12;

ValueType read_type(Cursor& in, std::string_view key) {
  const uint32_t id = in.read<uint32_t>(fmt::format("the type of key {}", key));
  if (id > kLastValueType) in.fail(fmt::format("key {} has value type {}, expected 0 to {}", key, id, kLastValueType));
  return static_cast<ValueType>(id);
}

void skip_elements(Cursor& in, const Value& v) {
  const std::string what = fmt::format("the elements of key {}", v.key);
  if (v.element_type != ValueType::String) {
    in.skip_array(v.count, value_bytes(v.element_type), what);
    return;
  }
  in.check_count(v.count, sizeof(uint64_t), what);
  for (uint64_t i = 0; i < v.count; ++i) in.read_string(v.key);
}

}  // namespace

std::string_view type_name(ValueType type) noexcept {
  constexpr std::string_view kNames[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                         "bool", "string", "array", "u64", "i64", "f64"};
  return kNames[static_cast<size_t>(type)];
}

size_t value_bytes(ValueType type) noexcept {
  constexpr size_t kBytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return kBytes[static_cast<size_t>(type)];
}

bool is_integer(ValueType type) noexcept {
  return type != ValueType::F32 && type != ValueType::F64 && type != ValueType::String && type != ValueType::Array;
}

Value read_value(Cursor& in) {
  Value v{};
  v.key = in.read_string("a key", kMaxKeyBytes);
  if (v.key.empty()) in.fail("a key is empty");
  v.type = v.element_type = read_type(in, v.key);
  v.count = 1;
  size_t begin = in.position();
  if (v.type == ValueType::Array) {
    v.element_type = read_type(in, v.key);
    if (v.element_type == ValueType::Array)
      in.fail(fmt::format("key {} is an array of arrays, expected an array of numbers or strings", v.key));
    v.count = in.read<uint64_t>(v.key);
    begin = in.position();
    skip_elements(in, v);
  } else if (v.type == ValueType::String) {
    in.read_string(v.key);
  } else {
    in.skip(value_bytes(v.type), v.key);
  }
  v.payload = in.bytes().subspan(begin, in.position() - begin);
  return v;
}

std::optional<uint64_t> load_uint(ValueType type, const std::byte* p) {
  const auto from_signed = [](int64_t v) {
    return v < 0 ? std::nullopt : std::optional<uint64_t>(static_cast<uint64_t>(v));
  };
  switch (type) {
    case ValueType::U8:
      return load<uint8_t>(p);
    case ValueType::Bool:
      return load<uint8_t>(p) != 0;
    case ValueType::U16:
      return load<uint16_t>(p);
    case ValueType::U32:
      return load<uint32_t>(p);
    case ValueType::U64:
      return load<uint64_t>(p);
    case ValueType::I8:
      return from_signed(load<int8_t>(p));
    case ValueType::I16:
      return from_signed(load<int16_t>(p));
    case ValueType::I32:
      return from_signed(load<int32_t>(p));
    case ValueType::I64:
      return from_signed(load<int64_t>(p));
    default:
      return {};
  }
}

std::optional<double> load_number(ValueType type, const std::byte* p) {
  switch (type) {
    case ValueType::F32:
      return load<float>(p);
    case ValueType::F64:
      return load<double>(p);
    case ValueType::I8:
      return load<int8_t>(p);
    case ValueType::I16:
      return load<int16_t>(p);
    case ValueType::I32:
      return load<int32_t>(p);
    case ValueType::I64:
      return static_cast<double>(load<int64_t>(p));
    case ValueType::Bool:
      return {};
    default: {
      const auto whole = load_uint(type, p);
      return whole ? std::optional(static_cast<double>(*whole)) : std::nullopt;
    }
  }
}

}  // namespace facet::gguf
