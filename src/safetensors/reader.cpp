#include "safetensors/reader.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <set>
#include <system_error>

#include "base/error.h"
#include "base/half.h"
#include "base/mapped_file.h"
#include "safetensors/header.h"

namespace facet::safetensors {
namespace {

template <class T>
T load(const std::byte* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// The shards that an index names, each with the tensors it promises there.
std::map<std::string, std::vector<std::string>> read_index(const std::string& path) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  if (bytes.size() > kMaxJsonBytes)
    throw_error<FormatError>("{}: has {} bytes, expected at most {}", path, bytes.size(), kMaxJsonBytes);
  const auto json = parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
  if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object())
    throw_error<FormatError>("{}: has no object \"weight_map\"", path);
  std::map<std::string, std::vector<std::string>> by_shard;
  for (const auto& [tensor, shard] : json["weight_map"].items()) {
    const std::string name = shard.is_string() ? shard.get<std::string>() : "";
    if (name.empty() || name.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos || name.starts_with("."))
      throw_error<FormatError>("{}: the shard of {} is {}, expected the name of a file of the same folder", path,
                               tensor, shard.dump());
    by_shard[name].push_back(tensor);
  }
  return by_shard;
}

}  // namespace

struct File::State {
  std::string path;
  uint64_t total_bytes = 0;
  std::vector<MappedFile> maps;
  std::vector<Tensor> tensors;
  std::map<std::string, std::string> metadata;
  std::map<std::string_view, size_t> index;  // ordered: hostile names cannot collide

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
  for (const auto& [shard, names] : read_index(index_path)) {
    const std::string shard_path = path + "/" + shard;
    std::error_code error;
    if (!std::filesystem::exists(shard_path, error)) {
      if (error) throw_error<FormatError>("{}: {}; {} names it as a shard", shard_path, error.message(), index_path);
      throw_error<ResourceError>("{}: no such file; {} names it as a shard", shard_path, index_path);
    }
    maps.emplace_back(shard_path);
    const size_t first = tensors.size();
    add(maps.back().bytes(), shard_path);
    std::set<std::string_view> found;
    for (size_t i = first; i < tensors.size(); ++i) found.insert(tensors[i].name);
    for (const std::string& name : names)
      if (!found.contains(name))
        throw_error<FormatError>("{}: tensor {} is missing, which {} promises", shard_path, name, index_path);
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
  std::error_code error;  // a name that is too long is none of a file
  if (std::filesystem::exists(single, error)) {
    state->maps.emplace_back(single);
    state->add(state->maps.back().bytes(), single);
  } else if (std::filesystem::exists(index, error)) {
    state->add_shards(index);
  } else {
    throw_error<ResourceError>("{}: has neither model.safetensors nor model.safetensors.index.json: no checkpoint",
                               folder);
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
void File::check_unchanged() const {
  for (const MappedFile& map : state_->maps) map.check_unchanged();
}
uint64_t File::total_bytes() const noexcept { return state_->total_bytes; }
size_t File::n_shards() const noexcept { return std::max<size_t>(1, state_->maps.size()); }
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
