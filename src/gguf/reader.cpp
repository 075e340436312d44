#include "gguf/reader.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/mapped_file.h"
#include "gguf/cursor.h"

namespace facet::gguf {
namespace {

constexpr uint64_t kMinValueBytes = 14, kMinTensorBytes = 25;  // the smallest encodings of a key and of a tensor
constexpr uint64_t kMaxTensorName = 63;

std::string_view type_name(ValueType type) {
  constexpr std::string_view kNames[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                         "bool", "string", "array", "u64", "i64", "f64"};
  return kNames[static_cast<size_t>(type)];
}

size_t value_bytes(ValueType type) {
  constexpr size_t kBytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return kBytes[static_cast<size_t>(type)];
}

ValueType read_type(Cursor& in, std::string_view key) {
  const uint32_t id = in.read<uint32_t>("a value type");
  if (id > 12) in.fail(fmt::format("key {} has value type {}, which does not exist", key, id));
  return static_cast<ValueType>(id);
}

// Checks an array's elements and steps over them.
void skip_elements(Cursor& in, const Value& v) {
  if (v.element_type != ValueType::String) {
    in.skip_array(v.count, value_bytes(v.element_type), v.key);
    return;
  }
  in.check_count(v.count, sizeof(uint64_t), v.key);
  for (uint64_t i = 0; i < v.count; ++i) in.read_string(v.key);
}

Value read_value(Cursor& in) {
  Value v{};
  v.key = in.read_string("a key");
  if (v.key.empty()) in.fail("a key is empty");
  v.type = v.element_type = read_type(in, v.key);
  v.count = 1;
  size_t begin = in.position();
  if (v.type == ValueType::Array) {
    v.element_type = read_type(in, v.key);
    if (v.element_type == ValueType::Array)
      in.fail(fmt::format("key {} is an array of arrays, which no model file uses", v.key));
    v.count = in.read<uint64_t>(v.key);
    begin = in.position();
    skip_elements(in, v);
  } else if (v.type == ValueType::String) {
    in.read_string(v.key);
  } else {
    in.skip_array(1, value_bytes(v.type), v.key);
  }
  v.payload = in.bytes().subspan(begin, in.position() - begin);
  return v;
}

uint64_t multiply(Cursor& in, uint64_t a, uint64_t b, std::string_view name) {
  if (b != 0 && a > static_cast<uint64_t>(INT64_MAX) / b)
    in.fail(fmt::format("tensor {} has more elements than 63 bits count", name));
  return a * b;
}

Tensor read_tensor(Cursor& in, uint64_t& offset, uint64_t& n_bytes) {
  Tensor t{};
  t.name = in.read_string("a tensor name");
  if (t.name.empty() || t.name.size() > kMaxTensorName || t.name.find('\0') != std::string_view::npos)
    in.fail(
        fmt::format("a tensor name has {} bytes, expected 1 to {} without zero bytes", t.name.size(), kMaxTensorName));
  const uint32_t n_dims = in.read<uint32_t>(t.name);
  if (n_dims < 1 || n_dims > 4) in.fail(fmt::format("tensor {} has {} dimensions, expected 1 to 4", t.name, n_dims));
  t.n_dims = static_cast<int>(n_dims);
  t.ne = {1, 1, 1, 1};
  uint64_t n_elements = 1;
  for (uint32_t d = 0; d < n_dims; ++d) {
    t.ne[d] = in.read<uint64_t>(t.name);
    if (t.ne[d] == 0 || t.ne[d] > static_cast<uint64_t>(INT64_MAX))
      in.fail(fmt::format("tensor {}: dimension {} is {}", t.name, d, t.ne[d]));
    n_elements = multiply(in, n_elements, t.ne[d], t.name);
  }
  const uint32_t id = in.read<uint32_t>(t.name);
  const auto info = quant::find_block_type(id);
  if (!info) in.fail(fmt::format("tensor {} has type {}, which facet does not know", t.name, id));
  if (t.ne[0] % info->n_elements != 0)
    in.fail(fmt::format("tensor {} has rows of {}, not a multiple of {}'s blocks of {}", t.name, t.ne[0], info->name,
                        info->n_elements));
  t.type = info->type;
  n_bytes = multiply(in, n_elements / info->n_elements, info->n_bytes, t.name);
  offset = in.read<uint64_t>(t.name);
  return t;
}

template <class T>
T load(const std::byte* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// The integer at p as i128-free pair: negative values are reported as nothing.
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

bool is_integer(ValueType type) {
  return type != ValueType::F32 && type != ValueType::F64 && type != ValueType::String && type != ValueType::Array;
}

std::string shard_path(const std::string& first, int index, int count) {
  const std::string suffix = fmt::format("-{:05}-of-{:05}.gguf", 1, count);
  if (!first.ends_with(suffix))
    throw_error<FormatError>("{}: says it is the first of {} shards, but its name does not end in \"{}\"", first, count,
                             suffix);
  return first.substr(0, first.size() - suffix.size()) + fmt::format("-{:05}-of-{:05}.gguf", index + 1, count);
}

}  // namespace

struct File::State {
  std::string path;
  int version = 0;
  uint64_t total_bytes = 0;
  std::vector<std::string> shard_paths;
  std::vector<MappedFile> maps;
  std::vector<Value> values;  // of the first shard
  std::vector<Tensor> tensors;
  std::unordered_map<std::string_view, size_t> value_index, tensor_index;

  void parse(std::span<const std::byte> bytes, const std::string& name, int shard);
  void read_values(Cursor& in, uint64_t n, std::vector<Value>& out);
  void read_tensors(Cursor& in, uint64_t n, uint64_t alignment, int shard);
  void open_other_shards(const std::string& first);
  [[noreturn]] void wrong_type(const Value& v, std::string_view expected) const;
};

void File::State::read_values(Cursor& in, uint64_t n, std::vector<Value>& out) {
  in.check_count(n, kMinValueBytes, "the keys");
  std::unordered_set<std::string_view> seen;
  for (uint64_t i = 0; i < n; ++i) {
    out.push_back(read_value(in));
    if (!seen.insert(out.back().key).second) in.fail(fmt::format("key {} occurs twice", out.back().key));
  }
}

void File::State::read_tensors(Cursor& in, uint64_t n, uint64_t alignment, int shard) {
  in.check_count(n, kMinTensorBytes, "the tensors");
  struct Place {
    uint64_t offset, n_bytes;
  };
  std::vector<Place> places;
  const size_t first = tensors.size();
  for (uint64_t i = 0; i < n; ++i) {
    Place place{};
    tensors.push_back(read_tensor(in, place.offset, place.n_bytes));
    places.push_back(place);
  }
  const uint64_t file_size = in.bytes().size();
  const uint64_t data_start = n == 0 ? in.position() : (in.position() + alignment - 1) / alignment * alignment;
  uint64_t expected = 0;  // tensors follow one another, each padded to the alignment
  for (size_t i = 0; i < places.size(); ++i) {
    Tensor& t = tensors[first + i];
    const auto [offset, n_bytes] = places[i];
    if (offset != expected)
      in.fail(fmt::format("tensor {} starts at {}, expected {}: tensors must follow one another", t.name, offset,
                          expected));
    if (data_start > file_size || offset > file_size - data_start || n_bytes > file_size - data_start - offset)
      in.fail(fmt::format("tensor {} needs {} bytes from {} on, but the file ends at {}: it is cut off", t.name,
                          n_bytes, data_start + offset, file_size));
    t.shard = shard;
    t.file_offset = data_start + offset;
    t.data = in.bytes().subspan(static_cast<size_t>(t.file_offset), static_cast<size_t>(n_bytes));
    expected = offset + (n_bytes + alignment - 1) / alignment * alignment;
    if (!tensor_index.emplace(t.name, first + i).second) in.fail(fmt::format("tensor {} occurs twice", t.name));
  }
}

void File::State::parse(std::span<const std::byte> bytes, const std::string& name, int shard) {
  Cursor in(bytes, name);
  if (bytes.size() < 4 || std::memcmp(bytes.data(), "GGUF", 4) != 0)
    in.fail("does not start with \"GGUF\": not a GGUF file");
  in.read<uint32_t>("the magic");
  const uint32_t v = in.read<uint32_t>("the version");
  if ((v & 0xffff) == 0 && v != 0) in.fail("is big-endian, which facet does not read: convert it to little-endian");
  if (v != 2 && v != 3) in.fail(fmt::format("has version {}, expected 2 or 3", v));
  const uint64_t n_tensors = in.read<uint64_t>("the number of tensors"),
                 n_values = in.read<uint64_t>("the number of keys");

  std::vector<Value> read;
  read_values(in, n_values, read);
  uint64_t alignment = 32;
  for (const Value& value : read)
    if (value.key == "general.alignment") {
      if (value.type != ValueType::U32)
        in.fail(fmt::format("general.alignment has type {}, expected u32", type_name(value.type)));
      alignment = load<uint32_t>(value.payload.data());
      if (alignment == 0 || (alignment & (alignment - 1)) != 0)
        in.fail(fmt::format("general.alignment is {}, expected a power of two", alignment));
    }
  read_tensors(in, n_tensors, alignment, shard);
  total_bytes += bytes.size();
  if (shard > 0) {
    for (const Value& value : read)
      if (value.key == "split.no" && load_uint(value.type, value.payload.data()) != static_cast<uint64_t>(shard))
        in.fail(fmt::format("is not shard {} by its own key split.no", shard));
    return;
  }
  version = static_cast<int>(v);
  values = std::move(read);
  for (size_t i = 0; i < values.size(); ++i) value_index.emplace(values[i].key, i);
}

void File::State::open_other_shards(const std::string& first) {
  const auto number = [this](std::string_view key) -> uint64_t {
    const auto it = value_index.find(key);
    return it == value_index.end() ? 0
                                   : load_uint(values[it->second].type, values[it->second].payload.data()).value_or(0);
  };
  const uint64_t n = number("split.count");
  if (const uint64_t no = number("split.no"); no != 0)
    throw_error<FormatError>("{}: is shard {} of {}: open the first one, whose name ends in \"-00001-of-{:05}.gguf\"",
                             first, no + 1, n, n);
  if (n <= 1) return;
  if (n > 99999) throw_error<FormatError>("{}: split.count is {}, which is absurd", first, n);
  for (int i = 1; i < static_cast<int>(n); ++i) {
    const std::string path = shard_path(first, i, static_cast<int>(n));
    if (!std::filesystem::exists(path))
      throw_error<ResourceError>("{}: missing; it is shard {} of {} of {}", path, i + 1, n, first);
    maps.emplace_back(path);
    shard_paths.push_back(path);
    parse(maps.back().bytes(), path, i);
  }
  if (const uint64_t total = number("split.tensors.count"); total != 0 && total != tensors.size())
    throw_error<FormatError>("{}: the shards hold {} tensors together, split.tensors.count says {}", first,
                             tensors.size(), total);
}

void File::State::wrong_type(const Value& v, std::string_view expected) const {
  const std::string found = v.type == ValueType::Array ? fmt::format("an array of {}", type_name(v.element_type))
                                                       : std::string(type_name(v.type));
  throw_error<FormatError>("{}: key {} is {}, expected {}", path, v.key, found, expected);
}

File::File(std::unique_ptr<State> state) : state_(std::move(state)) {}
File::File(File&&) noexcept = default;
File& File::operator=(File&&) noexcept = default;
File::~File() = default;

File File::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->maps.emplace_back(path);
  state->shard_paths.push_back(path);
  state->parse(state->maps.back().bytes(), path, 0);
  state->open_other_shards(path);
  return File(std::move(state));
}

File File::parse(std::span<const std::byte> bytes, std::string name) {
  auto state = std::make_unique<State>();
  state->path = name;
  state->shard_paths.push_back(name);
  state->parse(bytes, name, 0);
  return File(std::move(state));
}

const std::string& File::path() const noexcept { return state_->path; }
int File::version() const noexcept { return state_->version; }
uint64_t File::total_bytes() const noexcept { return state_->total_bytes; }
std::span<const std::string> File::shard_paths() const noexcept { return state_->shard_paths; }
std::span<const Tensor> File::tensors() const noexcept { return state_->tensors; }
std::span<const Value> File::values() const noexcept { return state_->values; }

const Tensor* File::find_tensor(std::string_view name) const noexcept {
  const auto it = state_->tensor_index.find(name);
  return it == state_->tensor_index.end() ? nullptr : &state_->tensors[it->second];
}

const Value* File::find(std::string_view key) const noexcept {
  const auto it = state_->value_index.find(key);
  return it == state_->value_index.end() ? nullptr : &state_->values[it->second];
}

std::optional<uint64_t> File::get_uint(std::string_view key) const {
  const Value* v = find(key);
  if (v == nullptr) return {};
  const auto number = load_uint(v->type, v->payload.data());
  if (!number) state_->wrong_type(*v, "an integer of 0 or more");
  return number;
}

std::optional<double> File::get_float(std::string_view key) const {
  const Value* v = find(key);
  if (v == nullptr) return {};
  if (v->type == ValueType::F32) return load<float>(v->payload.data());
  if (v->type == ValueType::F64) return load<double>(v->payload.data());
  const auto number = load_uint(v->type, v->payload.data());
  if (!number || v->type == ValueType::Bool) state_->wrong_type(*v, "a number");
  return static_cast<double>(*number);
}

std::optional<bool> File::get_bool(std::string_view key) const {
  const Value* v = find(key);
  if (v == nullptr) return {};
  if (v->type != ValueType::Bool) state_->wrong_type(*v, "a bool");
  return load<uint8_t>(v->payload.data()) != 0;
}

std::optional<std::string_view> File::get_string(std::string_view key) const {
  const Value* v = find(key);
  if (v == nullptr) return {};
  if (v->type != ValueType::String) state_->wrong_type(*v, "a string");
  return std::string_view(reinterpret_cast<const char*>(v->payload.data()) + sizeof(uint64_t),
                          v->payload.size() - sizeof(uint64_t));
}

std::optional<std::vector<uint64_t>> File::get_uint_array(std::string_view key) const {
  const Value* v = find(key);
  if (v == nullptr) return {};
  if (v->type != ValueType::Array || !is_integer(v->element_type)) state_->wrong_type(*v, "an array of integers");
  std::vector<uint64_t> out;
  out.reserve(v->count);
  for (uint64_t i = 0; i < v->count; ++i) {
    const auto number = load_uint(v->element_type, v->payload.data() + i * value_bytes(v->element_type));
    if (!number) throw_error<FormatError>("{}: key {} holds a negative number at {}", state_->path, key, i);
    out.push_back(*number);
  }
  return out;
}

std::optional<std::vector<float>> File::get_float_array(std::string_view key) const {
  const Value* v = find(key);
  if (v == nullptr) return {};
  if (v->type != ValueType::Array || (v->element_type != ValueType::F32 && v->element_type != ValueType::F64))
    state_->wrong_type(*v, "an array of floats");
  std::vector<float> out;
  out.reserve(v->count);
  for (uint64_t i = 0; i < v->count; ++i)
    out.push_back(v->element_type == ValueType::F32 ? load<float>(v->payload.data() + 4 * i)
                                                    : static_cast<float>(load<double>(v->payload.data() + 8 * i)));
  return out;
}

std::optional<std::vector<std::string_view>> File::get_string_array(std::string_view key) const {
  const Value* v = find(key);
  if (v == nullptr) return {};
  if (v->type != ValueType::Array || v->element_type != ValueType::String)
    state_->wrong_type(*v, "an array of strings");
  std::vector<std::string_view> out;
  out.reserve(v->count);
  const std::byte* p = v->payload.data();
  for (uint64_t i = 0; i < v->count; ++i) {
    const auto n = static_cast<size_t>(load<uint64_t>(p));
    out.emplace_back(reinterpret_cast<const char*>(p) + sizeof(uint64_t), n);
    p += sizeof(uint64_t) + n;
  }
  return out;
}

}  // namespace facet::gguf
