#include "safetensors/reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/error.h"
#include "base/half.h"
#include "base/mapped_file.h"

namespace facet::safetensors {
namespace {

using Json = nlohmann::json;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr int kMaxDepth = 16;

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

Json parse_json(std::string_view text, const std::string& where) {
  try {
    // Duplicate names would silently hide one another, so they are looked for while parsing.
    std::vector<std::vector<std::string>> keys(1);
    return Json::parse(text, [&](int depth, Json::parse_event_t event, Json& value) {
      if (depth > kMaxDepth) throw FormatError("nested too deeply");
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
    throw_error<FormatError>("{}: not valid JSON: {}", where, e.what());
  }
}

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

struct Header {
  std::vector<Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

Header read_header(std::span<const std::byte> bytes, const std::string& file) {
  uint64_t n = 0;
  if (bytes.size() < sizeof n)
    throw_error<FormatError>("{}: {} bytes are too few for a safetensors file", file, bytes.size());
  std::memcpy(&n, bytes.data(), sizeof n);
  if (n > kMaxHeaderBytes || n > bytes.size() - sizeof n)
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

template <class T>
T load(const std::byte* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

}  // namespace

std::string_view dtype_name(Dtype dtype) noexcept { return kDtypes[static_cast<size_t>(dtype)].name; }
size_t dtype_bytes(Dtype dtype) noexcept { return kDtypes[static_cast<size_t>(dtype)].n_bytes; }

uint64_t Tensor::n_elements() const noexcept { return data.size() / dtype_bytes(dtype); }

struct File::State {
  std::string path;
  uint64_t total_bytes = 0;
  std::vector<MappedFile> maps;
  std::vector<Tensor> tensors;
  std::map<std::string, std::string> metadata;
  std::unordered_map<std::string_view, size_t> index;

  void add(std::span<const std::byte> bytes, const std::string& file) {
    Header header = read_header(bytes, file);
    total_bytes += bytes.size();
    metadata.merge(header.metadata);
    std::move(header.tensors.begin(), header.tensors.end(), std::back_inserter(tensors));
  }
  void build_index() {
    for (size_t i = 0; i < tensors.size(); ++i)
      if (!index.emplace(tensors[i].name, i).second)
        throw_error<FormatError>("{}: tensor {} is in two shards", path, tensors[i].name);
  }
  const Tensor& need(std::string_view name) const {
    const auto it = index.find(name);
    if (it == index.end()) throw_error<FormatError>("{}: tensor {} is missing", path, name);
    return tensors[it->second];
  }
  void add_shards(const std::string& index_path);
};

void File::State::add_shards(const std::string& index_path) {
  const MappedFile file(index_path);
  const Json json = parse_json({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()}, index_path);
  if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object())
    throw_error<FormatError>("{}: has no \"weight_map\"", index_path);
  std::map<std::string, std::vector<std::string>> by_shard;
  for (const auto& [tensor, shard] : json["weight_map"].items()) {
    const std::string name = shard.is_string() ? shard.get<std::string>() : "";
    if (name.empty() || name.find('/') != std::string::npos || name.find('\\') != std::string::npos ||
        name.starts_with("."))
      throw_error<FormatError>("{}: the shard of {} must be a file of the same folder", index_path, tensor);
    by_shard[name].push_back(tensor);
  }
  for (const auto& [shard, names] : by_shard) {
    const std::string shard_path = path + "/" + shard;
    maps.emplace_back(shard_path);
    const size_t first = tensors.size();
    add(maps.back().bytes(), shard_path);
    for (const std::string& name : names)
      if (std::none_of(tensors.begin() + static_cast<std::ptrdiff_t>(first), tensors.end(),
                       [&](const Tensor& t) { return t.name == name; }))
        throw_error<FormatError>("{}: tensor {} is missing, which the index promises", shard_path, name);
  }
}

File::File(std::unique_ptr<State> state) : state_(std::move(state)) {}
File::File(File&&) noexcept = default;
File& File::operator=(File&&) noexcept = default;
File::~File() = default;

File File::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->maps.emplace_back(path);
  state->add(state->maps.back().bytes(), path);
  state->build_index();
  return File(std::move(state));
}

File File::open_folder(const std::string& folder) {
  auto state = std::make_unique<State>();
  state->path = folder;
  const std::string single = folder + "/model.safetensors", index = folder + "/model.safetensors.index.json";
  if (std::filesystem::exists(single)) {
    state->maps.emplace_back(single);
    state->add(state->maps.back().bytes(), single);
  } else if (std::filesystem::exists(index)) {
    state->add_shards(index);
  } else {
    throw_error<ResourceError>("{}: has neither model.safetensors nor model.safetensors.index.json", folder);
  }
  state->build_index();
  return File(std::move(state));
}

File File::parse(std::span<const std::byte> bytes, std::string name) {
  auto state = std::make_unique<State>();
  state->path = std::move(name);
  state->add(bytes, state->path);
  state->build_index();
  return File(std::move(state));
}

const std::string& File::path() const noexcept { return state_->path; }
uint64_t File::total_bytes() const noexcept { return state_->total_bytes; }
std::span<const Tensor> File::tensors() const noexcept { return state_->tensors; }
const std::map<std::string, std::string>& File::metadata() const noexcept { return state_->metadata; }

const Tensor* File::find(std::string_view name) const noexcept {
  const auto it = state_->index.find(name);
  return it == state_->index.end() ? nullptr : &state_->tensors[it->second];
}

std::vector<float> File::to_f32(std::string_view name) const {
  const Tensor& t = state_->need(name);
  std::vector<float> out(t.n_elements());
  for (size_t i = 0; i < out.size(); ++i) {
    const std::byte* p = t.data.data() + i * dtype_bytes(t.dtype);
    switch (t.dtype) {
      case Dtype::F64:
        out[i] = static_cast<float>(load<double>(p));
        break;
      case Dtype::F32:
        out[i] = load<float>(p);
        break;
      case Dtype::F16:
        out[i] = f16_to_f32(load<uint16_t>(p));
        break;
      case Dtype::BF16:
        out[i] = bf16_to_f32(load<uint16_t>(p));
        break;
      default:
        throw_error<FormatError>("{}: tensor {} has type {}, expected floating point", state_->path, name,
                                 dtype_name(t.dtype));
    }
  }
  return out;
}

std::vector<int64_t> File::to_i64(std::string_view name) const {
  const Tensor& t = state_->need(name);
  std::vector<int64_t> out(t.n_elements());
  for (size_t i = 0; i < out.size(); ++i) {
    const std::byte* p = t.data.data() + i * dtype_bytes(t.dtype);
    switch (t.dtype) {
      case Dtype::I64:
      case Dtype::U64:
        out[i] = load<int64_t>(p);
        break;
      case Dtype::I32:
        out[i] = load<int32_t>(p);
        break;
      case Dtype::U32:
        out[i] = load<uint32_t>(p);
        break;
      case Dtype::I16:
        out[i] = load<int16_t>(p);
        break;
      case Dtype::U16:
        out[i] = load<uint16_t>(p);
        break;
      case Dtype::I8:
        out[i] = load<int8_t>(p);
        break;
      case Dtype::U8:
      case Dtype::Bool:
        out[i] = load<uint8_t>(p);
        break;
      default:
        throw_error<FormatError>("{}: tensor {} has type {}, expected integers", state_->path, name,
                                 dtype_name(t.dtype));
    }
  }
  return out;
}

}  // namespace facet::safetensors
