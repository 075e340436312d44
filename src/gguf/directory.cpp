#include "gguf/directory.h"

#include "base/error.h"
#include "gguf/cursor.h"
#include "gguf/values.h"

namespace facet::gguf {
namespace {

constexpr uint64_t kMinValueBytes = 14, kMinTensorBytes = 25;  // the smallest encodings of a key and of a tensor
constexpr uint64_t kMaxEntries = 1 << 20;  // of each: a hundred times what models have, and bounded memory
constexpr uint64_t kMaxTensorName = 63;
constexpr uint32_t kMaxDims = 4;
constexpr uint64_t kDefaultAlignment = 32;

// The product, if 63 bits hold it.
uint64_t multiply(Cursor& in, uint64_t a, uint64_t b, std::string_view name) {
  if (b != 0 && a > static_cast<uint64_t>(INT64_MAX) / b)
    in.fail(fmt::format("tensor {} has more elements or bytes than 63 bits count", name));
  return a * b;
}

std::string_view read_tensor_name(Cursor& in) {
  const std::string_view name = in.read_string("a tensor name", kMaxTensorName);
  if (name.empty() || name.find('\0') != std::string_view::npos)
    in.fail(fmt::format("a tensor name is \"{}\", expected 1 to {} bytes other than zero", name, kMaxTensorName));
  return name;
}

// Sets t.ne; returns the number of elements.
uint64_t read_shape(Cursor& in, Tensor& t) {
  const uint32_t n_dims = in.read<uint32_t>(t.name);
  if (n_dims < 1 || n_dims > kMaxDims)
    in.fail(fmt::format("tensor {} has {} dimensions, expected 1 to {}", t.name, n_dims, kMaxDims));
  t.n_dims = static_cast<int>(n_dims);
  t.ne = {1, 1, 1, 1};
  uint64_t n_elements = 1;
  for (uint32_t d = 0; d < n_dims; ++d) {
    t.ne[d] = in.read<uint64_t>(t.name);
    if (t.ne[d] == 0 || t.ne[d] > static_cast<uint64_t>(INT64_MAX))
      in.fail(fmt::format("tensor {}: dimension {} is {}, expected 1 to 2^63 - 1", t.name, d,
                          static_cast<int64_t>(t.ne[d])));
    n_elements = multiply(in, n_elements, t.ne[d], t.name);
  }
  return n_elements;
}

struct Place {
  uint64_t offset, n_bytes;
};

Tensor read_tensor(Cursor& in, Place& place) {
  Tensor t{};
  t.name = read_tensor_name(in);
  const uint64_t n_elements = read_shape(in, t);
  const uint32_t id = in.read<uint32_t>(t.name);
  const auto info = quant::find_block_type(id);
  if (!info)
    in.fail(
        fmt::format("tensor {} has type {}, which is removed, never stored or newer than facet; a conversion to "
                    "another format (q4_0, q8_0, bf16) can be read",
                    t.name, id));
  if (t.ne[0] % info->n_elements != 0)
    in.fail(fmt::format("tensor {} has rows of {}, expected a multiple of {}'s blocks of {}", t.name, t.ne[0],
                        info->name, info->n_elements));
  t.type = info->type;
  place.n_bytes = multiply(in, n_elements / info->n_elements, info->n_bytes, t.name);
  place.offset = in.read<uint64_t>(t.name);
  return t;
}

// `offset` rounded up; both come from checked 63-bit sizes, so the sum cannot overflow.
uint64_t align(uint64_t offset, uint64_t alignment) { return (offset + alignment - 1) / alignment * alignment; }

// Tensors follow one another, each padded to the alignment (after the last one the padding may be missing).
void place_tensors(std::span<const std::byte> bytes, const std::string& file, uint64_t data_start, uint64_t alignment,
                   std::span<const Place> places, std::span<Tensor> tensors) {
  uint64_t expected = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    Tensor& t = tensors[i];
    const auto [offset, n_bytes] = places[i];
    if (offset != expected)
      throw_error<FormatError>("{}: tensor {} starts at offset {}, expected {}: tensors must follow one another", file,
                               t.name, offset, expected);
    if (data_start > bytes.size() || offset > bytes.size() - data_start || n_bytes > bytes.size() - data_start - offset)
      throw_error<FormatError>("{}: the file is cut off: tensor {} needs {} bytes from byte {} on, the file has {}",
                               file, t.name, n_bytes, data_start + offset, bytes.size());
    t.file_offset = data_start + offset;
    t.data = bytes.subspan(static_cast<size_t>(t.file_offset), static_cast<size_t>(n_bytes));
    expected = align(offset + n_bytes, alignment);
  }
}

int read_version(Cursor& in) {
  constexpr std::string_view kMagic = "GGUF";
  const auto bytes = in.bytes().first(std::min(in.bytes().size(), kMagic.size()));
  const std::string_view magic(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (magic != kMagic) in.fail(fmt::format("not a GGUF file: it starts with \"{}\", expected \"{}\"", magic, kMagic));
  in.skip(kMagic.size(), "the magic");
  const uint32_t version = in.read<uint32_t>("the version");
  if ((version & 0xffff) == 0 && version != 0)
    in.fail("the file is big-endian, expected little-endian: convert it with the tool that made it");
  if (version != 2 && version != 3) in.fail(fmt::format("the version is {}, expected 2 or 3", version));
  return static_cast<int>(version);
}

uint64_t read_alignment(Cursor& in, std::span<const Value> values) {
  for (const Value& v : values) {
    if (v.key != "general.alignment") continue;
    if (v.type != ValueType::U32) in.fail(fmt::format("key general.alignment is {}, expected u32", type_name(v.type)));
    const auto alignment = load<uint32_t>(v.payload.data());
    if (alignment == 0 || (alignment & (alignment - 1)) != 0)
      in.fail(fmt::format("key general.alignment is {}, expected a power of two", alignment));
    return alignment;
  }
  return kDefaultAlignment;
}

}  // namespace

Directory read_directory(std::span<const std::byte> bytes, const std::string& name, int shard) {
  Cursor in(bytes, name);
  Directory out;
  out.version = read_version(in);
  const auto n_tensors = in.read<uint64_t>("the number of tensors"), n_values = in.read<uint64_t>("the number of keys");
  in.check_count(n_values, kMinValueBytes, "the keys", kMaxEntries);
  for (uint64_t i = 0; i < n_values; ++i) out.values.push_back(read_value(in));
  const uint64_t alignment = read_alignment(in, out.values);

  in.check_count(n_tensors, kMinTensorBytes, "the tensors", kMaxEntries);
  std::vector<Place> places(static_cast<size_t>(n_tensors));
  for (Place& place : places) {
    out.tensors.push_back(read_tensor(in, place));
    out.tensors.back().shard = shard;
  }
  place_tensors(bytes, name, align(in.position(), alignment), alignment, places, out.tensors);
  return out;
}

}  // namespace facet::gguf
