#include "server/model_catalog.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <algorithm>
#include <filesystem>

#include "base/ascii_case.h"
#include "base/error.h"
#include "base/file.h"
#include "runtime/chat_format.h"
#include "runtime/model_summary.h"
#include "server/api_error.h"
#include "server/memory_share.h"

namespace facet::server {
namespace {

std::string plain_name(std::string_view given) {
  std::string name = ascii_lower(given);
  for (const std::string_view ending : {":latest", ".gguf"})
    if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  return name;
}

// A model built into the program is no file.
struct FileState {
  int64_t modified = 0, size_bytes = 0;
};
FileState state_of_file(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return {};
  return {s.st_mtime, s.st_size};
}

std::string count_text(uint64_t n) {
  const auto x = static_cast<double>(n);
  return x >= 1e9 ? fmt::format("{:.1f}B", x / 1e9) : fmt::format("{:.1f}M", x / 1e6);
}

runtime::ModelFacts read_facts(const std::string& path, const runtime::EngineOptions& options) {
  try {
    return runtime::read_model(path, options);
  } catch (...) {
    throw to_model_error(std::current_exception());
  }
}

// Tells files apart without reading them: 64 digits of what is known of the file and its name.
std::string digest_of(const ModelInfo& info) {
  std::string text = fmt::format("{}\n{}\n{}\n{}", info.name, info.path, info.size_bytes, info.modified), out;
  for (uint64_t part = 0; part < 4; ++part)
    out += fmt::format("{:016x}", XXH3_64bits_withSeed(text.data(), text.size(), part));
  return out;
}

}  // namespace

std::string model_name_of_path(const std::string& path) {
  std::filesystem::path p(path);
  if (!p.has_filename()) p = p.parent_path();
  return p.extension() == ".gguf" ? p.stem().string() : p.filename().string();
}

ModelCatalog::ModelCatalog(std::function<std::vector<ServedModel>()> list, runtime::EngineOptions options,
                           std::string names_file)
    : list_(std::move(list)), options_(std::move(options)), names_file_(std::move(names_file)) {
  if (names_file_.empty() || !std::filesystem::exists(names_file_)) return;
  try {
    names_ = nlohmann::json::parse(read_file(names_file_)).get<std::map<std::string, std::string>>();
  } catch (const nlohmann::json::exception& e) {
    throw_error<FormatError>(
        "{}: expected a JSON object of names and the models they stand for ({}); delete it to go on", names_file_,
        e.what());
  }
}

std::vector<ServedModel> ModelCatalog::all() const {
  std::vector<ServedModel> models = list_();
  const std::scoped_lock lock(mutex_);
  for (const auto& [name, own] : names_) {
    const auto found = std::ranges::find(models, own, &ServedModel::name);
    if (found != models.end()) models.push_back({name, found->path});
  }
  return models;
}

void ModelCatalog::write_names() const {
  if (!names_file_.empty()) replace_file(names_file_, nlohmann::json(names_).dump(2) + "\n");
}

void ModelCatalog::add_name(const std::string& name, const std::string& new_name) {
  const ServedModel model = find(name);
  const auto models = list_();
  const auto own = std::ranges::find(models, model.path, &ServedModel::path);
  constexpr size_t kMaxName = 200;
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (plain_name(new_name).empty() || new_name.size() > kMaxName || std::ranges::any_of(new_name, is_control))
    throw ApiError(ApiError::Kind::Invalid, fmt::format("a name has 1 to {} characters, none of control", kMaxName));
  for (const ServedModel& other : models)
    if (plain_name(other.name) == plain_name(new_name))
      throw ApiError(ApiError::Kind::Conflict, fmt::format("'{}' is a model's own name", new_name));
  const std::scoped_lock lock(mutex_);
  names_[new_name] = own->name;
  write_names();
}

void ModelCatalog::remove_name(const std::string& name) {
  {
    const std::scoped_lock lock(mutex_);
    const auto found =
        std::ranges::find(names_, plain_name(name), [](const auto& entry) { return plain_name(entry.first); });
    if (found != names_.end()) {
      names_.erase(found);
      return write_names();
    }
  }
  find(name);
  throw ApiError(ApiError::Kind::Conflict,
                 fmt::format("'{}' is the model's own name: a model goes when its file does", name), "model");
}

ServedModel ModelCatalog::find(const std::string& name) {
  const auto models = all();
  if (name.empty() && !models.empty()) return models.front();
  const std::string plain = plain_name(name);
  for (const std::string& wanted : {plain, plain.substr(0, plain.rfind(':'))})
    for (const ServedModel& model : models)
      if (plain_name(model.name) == wanted) return model;
  std::vector<std::string> names;
  for (const ServedModel& model : models) names.push_back(model.name);
  throw ApiError(ApiError::Kind::NotFound,
                 fmt::format("model '{}' not found; there {} {}", name, names.size() == 1 ? "is" : "are",
                             names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))),
                 "model");
}

ModelInfo ModelCatalog::describe(const ServedModel& model) {
  const FileState state = state_of_file(model.path);
  {
    const std::scoped_lock lock(mutex_);
    const auto known = known_.find(model.path);
    if (known != known_.end() && known->second.modified == state.modified &&
        known->second.size_bytes == state.size_bytes) {
      ModelInfo info = known->second.info;
      info.name = model.name;
      return info;
    }
  }
  const runtime::ModelFacts facts = read_facts(model.path, options_);
  const runtime::ModelSummary summary = runtime::summarize(facts);
  ModelInfo info;
  info.name = model.name;
  info.path = model.path;
  info.size_bytes = static_cast<int64_t>(summary.n_bytes);
  info.modified = state.modified;
  info.family = summary.architecture;
  info.parameters = count_text(summary.n_parameters);
  info.quantization = summary.quantization;
  info.format = summary.format;
  info.context = facts.plan.context;
  info.model_context = summary.context;
  info.n_embd = summary.n_embd;
  info.image_budget = summary.image_budget;
  info.memory = memory_of(facts.plan, options_.memory_limit);
  info.sees = summary.sees;
  info.hears = summary.hears;
  const auto format = runtime::chat_format_or_familys(facts.family, *facts.tokenizer);
  info.thinks = runtime::can_think(format);
  info.calls = info.chats = format.has_value();
  info.digest = digest_of(info);
  const std::scoped_lock lock(mutex_);
  known_[model.path] = {state.modified, state.size_bytes, info};
  return info;
}

runtime::MemoryPlan ModelCatalog::plan(const ServedModel& model, int64_t memory_bytes) const {
  runtime::EngineOptions options = options_;
  options.memory_limit = memory_bytes;
  try {
    return runtime::read_plan(model.path, options);
  } catch (...) {
    throw to_model_error(std::current_exception());
  }
}

// A file that cannot be read is no model; who asks for it by name is told why.
std::vector<ModelInfo> ModelCatalog::describe_all() {
  std::vector<ModelInfo> out;
  for (const ServedModel& model : all()) {
    try {
      out.push_back(describe(model));
    } catch (const std::exception&) {
    }
  }
  return out;
}

}  // namespace facet::server
