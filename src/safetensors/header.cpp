#include "safetensors/header.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"

namespace facet::safetensors {
namespace {

using Json = nlohmann::json;
constexpr int kMaxDepth = 16;
constexpr int kMaxEntries = 2'000'000;  // names and values; a tensor has seven or so

struct DtypeInfo {
  std::string_view name;
  size_t n_bytes;
};
constexpr std::array<DtypeInfo, 13> kDtypes{{{"F64", 8},
                                             {"F32", 4},
                                             {"F16", 2},
                                             {"BF16", 2},
                                             {"I64", 8},
                                             {"I32", 4},
                                             {"I16", 2},
                                             {"I8", 1},
                                             {"U64", 8},
                                             {"U32", 4},
                                             {"U16", 2},
                                             {"U8", 1},
                                             {"BOOL", 1}}};

// What nlohmann's messages say after their own numbering.
std::string_view reason(const std::exception& e) {
  const std::string_view what = e.what();
  const size_t bracket = what.starts_with("[json.exception") ? what.find("] ") : std::string_view::npos;
  return bracket == std::string_view::npos ? what : what.substr(bracket + 2);
}

}  // namespace

Json parse_json(std::string_view text, const std::string& where) {
  try {
    // Duplicate names would silently hide one another, so they are looked for while parsing.
    std::vector<std::vector<std::string>> keys(1);
    int n_entries = 0;
    return Json::parse(text, [&](int depth, Json::parse_event_t event, Json& value) {
      if (depth > kMaxDepth) throw FormatError(fmt::format("nested more than {} deep", kMaxDepth));
      if (++n_entries > kMaxEntries) throw FormatError(fmt::format("more than {} entries", kMaxEntries));
      if (event == Json::parse_event_t::object_start) keys.emplace_back();
      if (event == Json::parse_event_t::object_end) {
        std::sort(keys.back().begin(), keys.back().end());
        const auto twice = std::adjacent_find(keys.back().begin(), keys.back().end());
        if (twice != keys.back().end()) throw FormatError("\"" + *twice + "\" occurs twice");
        keys.pop_back();
      }
      if (event == Json::parse_event_t::key) keys.back().push_back(value.get<std::string>());
      return true;
    });
  } catch (const std::exception& e) {
    throw_error<FormatError>("{}: bad JSON: {}", where, reason(e));
  }
}

namespace {

uint64_t unsigned_number(const Json& value, const std::string& where) {
  if (!value.is_number_unsigned())
    throw_error<FormatError>("{}: expected a number of 0 or more, found {}", where, value.dump());
  return value.get<uint64_t>();
}

std::vector<uint64_t> read_shape(const Json& shape, const std::string& where) {
  if (!shape.is_array() || shape.size() > 8)
    throw_error<FormatError>("{}: \"shape\" must be an array of at most 8 numbers", where);
  std::vector<uint64_t> out;
  for (const Json& dim : shape) out.push_back(unsigned_number(dim, where));
  return out;
}

uint64_t tensor_bytes(const Tensor& t, const std::string& where) {
  uint64_t n = dtype_bytes(t.dtype);
  for (const uint64_t dim : t.shape) {
    if (dim != 0 && n > UINT64_MAX / dim) throw_error<FormatError>("{}: more bytes than 64 bits count", where);
    n *= dim;
  }
  return n;
}

Tensor read_tensor(const std::string& name, const Json& entry, std::span<const std::byte> data,
                   const std::string& file) {
  const std::string where = fmt::format("{}: tensor {}", file, name);
  if (!entry.is_object() || !entry.contains("dtype") || !entry.contains("shape") || !entry.contains("data_offsets") ||
      !entry["dtype"].is_string())
    throw_error<FormatError>("{}: needs dtype, shape and data_offsets", where);
  const std::string& dtype = entry["dtype"].get_ref<const std::string&>();
  const auto it = std::find_if(kDtypes.begin(), kDtypes.end(), [&](const DtypeInfo& d) { return d.name == dtype; });
  if (it == kDtypes.end()) throw_error<FormatError>("{}: type {} is not supported", where, dtype);
  Tensor t{name, static_cast<Dtype>(it - kDtypes.begin()), read_shape(entry["shape"], where), {}};

  const Json& offsets = entry["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2)
    throw_error<FormatError>("{}: data_offsets must be two numbers", where);
  const uint64_t begin = unsigned_number(offsets[0], where), end = unsigned_number(offsets[1], where);
  if (begin > end || end > data.size())
    throw_error<FormatError>("{}: data_offsets [{}, {}] leave the file's {} bytes of data", where, begin, end,
                             data.size());
  if (end - begin != tensor_bytes(t, where))
    throw_error<FormatError>("{}: has {} bytes, but its shape and type need {}", where, end - begin,
                             tensor_bytes(t, where));
  t.data = data.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  return t;
}

// Tensors must fill the data without overlap or hole.
void check_tiling(std::vector<Tensor>& tensors, std::span<const std::byte> data, const std::string& file) {
  std::stable_sort(tensors.begin(), tensors.end(), [](const Tensor& a, const Tensor& b) {
    return a.data.data() != b.data.data() ? a.data.data() < b.data.data() : a.data.size() < b.data.size();
  });
  const std::byte* next = data.data();
  for (const Tensor& t : tensors) {
    if (t.data.data() != next)
      throw_error<FormatError>("{}: tensor {} overlaps another or leaves a hole before it", file, t.name);
    next += t.data.size();
  }
  if (next != data.data() + data.size())
    throw_error<FormatError>("{}: {} bytes after the last tensor", file, data.data() + data.size() - next);
}

}  // namespace

Header read_header(std::span<const std::byte> bytes, const std::string& file) {
  uint64_t n = 0;
  if (bytes.size() < sizeof n)
    throw_error<FormatError>("{}: {} bytes are too few for a safetensors file", file, bytes.size());
  std::memcpy(&n, bytes.data(), sizeof n);
  if (n > kMaxJsonBytes || n > bytes.size() - sizeof n)
    throw_error<FormatError>(
        "{}: a header of {} bytes is announced in a file of {}: not a safetensors file, or cut off", file, n,
        bytes.size());
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + sizeof n, static_cast<size_t>(n));
  const Json json = parse_json(text, file);
  if (!json.is_object()) throw_error<FormatError>("{}: the header is not a JSON object", file);
  const auto data = bytes.subspan(sizeof n + static_cast<size_t>(n));
  Header header;
  for (const auto& [name, entry] : json.items()) {
    if (name != "__metadata__") {
      header.tensors.push_back(read_tensor(name, entry, data, file));
      continue;
    }
    if (!entry.is_object()) throw_error<FormatError>("{}: __metadata__ is not an object", file);
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) throw_error<FormatError>("{}: __metadata__ \"{}\" is not a string", file, key);
      header.metadata.emplace(key, value.get<std::string>());
    }
  }
  check_tiling(header.tensors, data, file);
  return header;
}

std::string_view dtype_name(Dtype dtype) noexcept { return kDtypes[static_cast<size_t>(dtype)].name; }
size_t dtype_bytes(Dtype dtype) noexcept { return kDtypes[static_cast<size_t>(dtype)].n_bytes; }

uint64_t Tensor::n_elements() const noexcept { return data.size() / dtype_bytes(dtype); }

}  // namespace facet::safetensors
