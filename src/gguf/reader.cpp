#include "gguf/reader.h"

#include <filesystem>
#include <system_error>

#include "base/error.h"
#include "base/mapped_file.h"
#include "gguf/directory.h"
#include "gguf/name_index.h"
#include "gguf/values.h"

namespace facet::gguf {

struct File::State {
  std::string path;
  int version = 0;
  uint64_t total_bytes = 0;
  std::vector<std::string> shard_paths;
  std::vector<MappedFile> maps;
  std::vector<Value> values;  // of the first shard
  std::vector<Tensor> tensors;
  ValueIndex value_index;
  TensorIndex tensor_index;

  void read_first(std::span<const std::byte> bytes);
  void add_shard(const std::string& shard_path, int index, uint64_t count);
  void open_other_shards();
  void index_tensors();
  std::optional<uint64_t> get_uint(std::string_view key) const;
  void check_array(const Value& v, bool is_right, std::string_view expected) const;
  [[noreturn]] void wrong_type(const Value& v, std::string_view expected) const;
};

namespace {

constexpr uint64_t kMaxShards = 99999;  // five digits in the names
// Of an array that is converted: eight times the merges of Gemma's vocabulary, so that memory stays bounded.
constexpr uint64_t kMaxElements = 1 << 22;

std::string shard_suffix(uint64_t number, uint64_t count) { return fmt::format("-{:05}-of-{:05}.gguf", number, count); }

void check_unique(const ValueIndex& index, const std::string& file) {
  if (const Value* twice = index.find_duplicate())
    throw_error<FormatError>("{}: key {} occurs twice", file, twice->key);
}

std::string kind(const Value& v) {
  return v.type == ValueType::Array ? fmt::format("an array of {}", type_name(v.element_type))
                                    : std::string(type_name(v.type));
}

// The shard's own word on which of how many it is.
void check_shard(const ValueIndex& values, const std::string& file, uint64_t index, uint64_t count) {
  check_unique(values, file);
  for (const auto& [key, expected] : {std::pair<const char*, uint64_t>{"split.no", index}, {"split.count", count}}) {
    const Value* v = values.find(key);
    const auto found = v == nullptr ? std::nullopt : load_uint(v->type, v->payload.data());
    if (found == expected) continue;
    const std::string said = found                 ? std::to_string(*found)
                             : v == nullptr        ? "not there"
                             : is_integer(v->type) ? "a negative number"
                                                   : kind(*v);
    throw_error<FormatError>("{}: key {} is {}, expected {}: the file is no shard of this model", file, key, said,
                             expected);
  }
}

}  // namespace

void File::State::read_first(std::span<const std::byte> bytes) {
  Directory first = read_directory(bytes, path, 0);
  shard_paths.push_back(path);
  version = first.version;
  values = std::move(first.values);
  tensors = std::move(first.tensors);
  total_bytes = bytes.size();
  value_index.build(values);
  check_unique(value_index, path);
}

void File::State::add_shard(const std::string& shard_path, int index, uint64_t count) {
  maps.emplace_back(shard_path);
  const auto bytes = maps.back().bytes();
  Directory shard = read_directory(bytes, shard_path, index);
  ValueIndex shard_values;
  shard_values.build(shard.values);
  check_shard(shard_values, shard_path, static_cast<uint64_t>(index), count);
  shard_paths.push_back(shard_path);
  total_bytes += bytes.size();
  tensors.insert(tensors.end(), shard.tensors.begin(), shard.tensors.end());
}

void File::State::open_other_shards() {
  const uint64_t n = get_uint("split.count").value_or(0);
  if (const uint64_t no = get_uint("split.no").value_or(0); no != 0)
    throw_error<FormatError>("{}: is shard {} of {}, expected the first: its name ends in \"{}\"", path, no + 1, n,
                             shard_suffix(1, n));
  if (n <= 1) return;
  if (n > kMaxShards) throw_error<FormatError>("{}: key split.count is {}, expected at most {}", path, n, kMaxShards);
  if (!path.ends_with(shard_suffix(1, n)))
    throw_error<FormatError>(
        "{}: is the first of {} shards, but its name does not end in \"{}\", so the others "
        "cannot be found",
        path, n, shard_suffix(1, n));
  const std::string stem = path.substr(0, path.size() - shard_suffix(1, n).size());
  for (int i = 1; i < static_cast<int>(n); ++i) {
    const std::string shard_path = stem + shard_suffix(static_cast<uint64_t>(i) + 1, n);
    std::error_code error;
    if (!std::filesystem::exists(shard_path, error))
      throw_error<ResourceError>("{}: no such file; it is shard {} of {} of {}", shard_path, i + 1, n, path);
    add_shard(shard_path, i, n);
  }
  if (const auto total = get_uint("split.tensors.count"); total && *total != tensors.size())
    throw_error<FormatError>("{}: the shards hold {} tensors together, key split.tensors.count says {}", path,
                             tensors.size(), *total);
}

void File::State::index_tensors() {
  tensor_index.build(tensors);
  if (const Tensor* twice = tensor_index.find_duplicate())
    throw_error<FormatError>("{}: tensor {} occurs twice", shard_paths[static_cast<size_t>(twice->shard)], twice->name);
}

std::optional<uint64_t> File::State::get_uint(std::string_view key) const {
  const Value* v = value_index.find(key);
  if (v == nullptr) return {};
  const auto number = load_uint(v->type, v->payload.data());
  if (!number) wrong_type(*v, "an integer of 0 or more");
  return number;
}

void File::State::wrong_type(const Value& v, std::string_view expected) const {
  throw_error<FormatError>("{}: key {} is {}, expected {}", path, v.key, kind(v), expected);
}

void File::State::check_array(const Value& v, bool is_right, std::string_view expected) const {
  if (v.type != ValueType::Array || !is_right) wrong_type(v, expected);
  if (v.count > kMaxElements)
    throw_error<FormatError>("{}: key {} has {} elements, expected at most {}", path, v.key, v.count, kMaxElements);
}

File::File(std::shared_ptr<const State> state) : state_(std::move(state)) {}

File File::open(const std::string& path) {
  auto state = std::make_shared<State>();
  state->path = path;
  state->maps.emplace_back(path);
  state->read_first(state->maps.back().bytes());
  state->open_other_shards();
  state->index_tensors();
  return File(std::move(state));
}

File File::parse(std::span<const std::byte> bytes, std::string name) {
  auto state = std::make_shared<State>();
  state->path = std::move(name);
  state->read_first(bytes);
  state->index_tensors();
  return File(std::move(state));
}

File File::open(const std::string& path, std::span<const MemoryFile> in_memory) {
  const MemoryFile* const file = find_file(in_memory, path);
  return file == nullptr ? open(path) : parse(file->bytes, file->name);
}

const std::string& File::path() const noexcept { return state_->path; }
int File::version() const noexcept { return state_->version; }
void File::check_unchanged() const {
  for (const MappedFile& map : state_->maps) map.check_unchanged();
}
uint64_t File::total_bytes() const noexcept { return state_->total_bytes; }
std::span<const std::string> File::shard_paths() const noexcept { return state_->shard_paths; }
std::span<const Tensor> File::tensors() const noexcept { return state_->tensors; }
std::span<const Value> File::values() const noexcept { return state_->values; }

const Tensor* File::find_tensor(std::string_view name) const noexcept { return state_->tensor_index.find(name); }
const Value* File::find(std::string_view key) const noexcept { return state_->value_index.find(key); }
std::optional<uint64_t> File::get_uint(std::string_view key) const { return state_->get_uint(key); }

std::optional<double> File::get_float(std::string_view key) const {
  const Value* v = find(key);
  if (v == nullptr) return {};
  const auto number = load_number(v->type, v->payload.data());
  if (!number) state_->wrong_type(*v, "a number");
  return number;
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
  state_->check_array(*v, is_integer(v->element_type), "an array of integers");
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
  state_->check_array(*v, v->element_type == ValueType::F32 || v->element_type == ValueType::F64, "an array of floats");
  std::vector<float> out;
  out.reserve(v->count);
  for (uint64_t i = 0; i < v->count; ++i)
    out.push_back(v->element_type == ValueType::F32 ? load<float>(v->payload.data() + 4 * i)
                                                    : static_cast<float>(load<double>(v->payload.data() + 8 * i)));
  return out;
}

std::optional<std::vector<std::string_view>> File::get_string_array(std::string_view key) const {
  std::vector<std::string_view> out;
  const Value* v = find(key);
  if (v != nullptr && v->type == ValueType::Array) out.reserve(std::min(v->count, kMaxElements));
  if (!for_each_string(key, [&out](std::string_view s) { out.push_back(s); })) return {};
  return out;
}

bool File::for_each_string(std::string_view key, const std::function<void(std::string_view)>& f) const {
  const Value* v = find(key);
  if (v == nullptr) return false;
  state_->check_array(*v, v->element_type == ValueType::String, "an array of strings");
  const std::byte* p = v->payload.data();
  for (uint64_t i = 0; i < v->count; ++i) {
    const auto n = static_cast<size_t>(load<uint64_t>(p));
    f({reinterpret_cast<const char*>(p) + sizeof(uint64_t), n});
    p += sizeof(uint64_t) + n;
  }
  return true;
}

}  // namespace facet::gguf
