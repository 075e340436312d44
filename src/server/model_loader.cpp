#include "server/model_loader.h"

#include <algorithm>

#include "base/error.h"
#include "base/system_memory.h"
#include "server/api_error.h"

namespace facet::server {
namespace {

using Clock = LoadedModel::Clock;

double seconds_after(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double gigabytes(int64_t bytes) { return static_cast<double>(bytes) / 1e9; }

}  // namespace

ModelUse::~ModelUse() {
  if (model_) loader_->end_use(*model_);
}

std::function<void()> ModelUse::prolong() const {
  loader_->begin_use(*model_);
  return [loader = loader_, model = model_.get()] { loader->end_use(*model); };
}

ModelLoader::ModelLoader(ModelCatalog& catalog, ModelLoaderOptions options)
    : catalog_(catalog), options_(std::move(options)) {
  if (options_.memory_bytes <= 0) options_.memory_bytes = available_memory();
  janitor_ = std::thread([this] { let_go_of_idle_models(); });
}

ModelLoader::~ModelLoader() {
  {
    const std::scoped_lock lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  janitor_.join();
  for (const auto& [path, model] : loaded_) model->scheduler.stop();
}

void ModelLoader::fill_in_state(ModelInfo& info) {
  const std::scoped_lock lock(mutex_);
  const auto found = loaded_.find(info.path);
  if (found == loaded_.end()) return;
  const LoadedModel& model = *found->second;
  info.is_loaded = true;
  info.context = model.engine->context();
  info.resident_bytes = model.engine->plan(info.context).resident_bytes;
  info.expires_in = model.expires_in();
}

void ModelLoader::let_go_of(const ServedModel& model) {
  {
    const std::scoped_lock lock(mutex_);
    const auto found = loaded_.find(model.path);
    if (found == loaded_.end()) return;
    found->second->keep_alive = 0;  // at once, or when what runs is done
  }
  changed_.notify_all();
}

ModelUse ModelLoader::use(const ServedModel& model, std::optional<double> keep_alive) {
  const auto start = Clock::now();
  for (;;) {
    auto loaded = find_or_load(model);
    const std::scoped_lock lock(mutex_);
    const auto found = loaded_.find(model.path);
    if (found == loaded_.end() || found->second != loaded) continue;  // let go of in between
    if (keep_alive) loaded->keep_alive = *keep_alive;
    ++loaded->n_uses;
    return {*this, std::move(loaded), seconds_after(start)};
  }
}

void ModelLoader::begin_use(LoadedModel& model) {
  const std::scoped_lock lock(mutex_);
  ++model.n_uses;
}

void ModelLoader::end_use(LoadedModel& model) {
  {
    const std::scoped_lock lock(mutex_);
    --model.n_uses;
    model.last_used = Clock::now();
  }
  changed_.notify_all();
}

std::shared_ptr<LoadedModel> ModelLoader::find_or_load(const ServedModel& model) {
  const auto find = [&]() -> std::shared_ptr<LoadedModel> {
    const std::scoped_lock lock(mutex_);
    const auto found = loaded_.find(model.path);
    return found != loaded_.end() ? found->second : nullptr;
  };
  if (auto loaded = find()) return loaded;
  const std::scoped_lock loading(loading_mutex_);
  if (auto loaded = find()) return loaded;
  auto [engine, share] = load_engine(model);
  runtime::SchedulerOptions scheduler = options_.scheduler;
  if (options_.open_cache) scheduler.cache = options_.open_cache(engine);
  scheduler.kv_budget = share.kv_budget;
  runtime::EmbeddingCacheOptions media;
  media.folder = options_.media_folder;
  media.memory_bytes = share.media_bytes;
  auto loaded = std::make_shared<LoadedModel>(model, std::move(engine), scheduler,
                                              std::make_shared<runtime::EmbeddingCache>(media), options_.keep_alive);
  loaded->memory_bytes = share.total_bytes;
  const std::scoped_lock lock(mutex_);
  return loaded_[model.path] = std::move(loaded);
}

// With what the models that are loaded leave. Where that is too little, or would give it a smaller context than it has
// alone, idle ones make room. Alone it has its way, as the system can drop weights and read them again.
ModelLoader::LoadedEngine ModelLoader::load_engine(const ServedModel& model) {
  const int context = catalog_.describe(model).context;
  for (;;) {
    const int64_t taken = memory_bytes(), left = options_.memory_bytes - taken;
    try {
      LoadedEngine loaded{options_.load(model.path, std::max<int64_t>(left, 1)), {}};
      loaded.share = share_of(*loaded.engine, left, options_.scheduler.kv_budget);
      const bool fits = loaded.share.total_bytes <= left;
      if (taken == 0 || (fits && loaded.engine->context() >= context)) return loaded;
      if (!free_idle_model()) {
        if (fits) return loaded;
        throw_error<ShortageError>("{}: takes up to {:.2f} GB", model.path, gigabytes(loaded.share.total_bytes));
      }
    } catch (const ShortageError& e) {
      if (free_idle_model()) continue;
      if (taken == 0) throw;
      throw_error<ShortageError>(
          "{}; models that are in use may take {:.2f} of {:.2f} GB: try again when they are done", e.what(),
          gigabytes(taken), gigabytes(options_.memory_bytes));
    } catch (...) {
      throw to_model_error(std::current_exception());
    }
  }
}

// Under mutex_. Its scheduler has told of its last job, and counts it within the step.
std::shared_ptr<LoadedModel> ModelLoader::take_out(Loaded::iterator entry) {
  auto model = std::move(entry->second);
  loaded_.erase(entry);
  model->scheduler.drain(1);
  past_ += model->scheduler.metrics();
  return model;
}

// The one that was used least recently. False: all are in use.
bool ModelLoader::free_idle_model() {
  std::shared_ptr<LoadedModel> oldest;  // ends after the lock, which it takes a while to
  const std::scoped_lock lock(mutex_);
  auto found = loaded_.end();
  for (auto entry = loaded_.begin(); entry != loaded_.end(); ++entry)
    if (entry->second->n_uses == 0 && (found == loaded_.end() || entry->second->last_used < found->second->last_used))
      found = entry;
  if (found == loaded_.end()) return false;
  oldest = take_out(found);
  return true;
}

void ModelLoader::let_go_of_idle_models() {
  std::unique_lock lock(mutex_);
  while (!is_ending_) {
    double next = 3600;
    std::vector<std::shared_ptr<LoadedModel>> gone;
    for (auto entry = loaded_.begin(); entry != loaded_.end();) {
      const LoadedModel& model = *entry->second;
      const double left = model.expires_in();
      if (left == 0 && model.n_uses == 0) {
        gone.push_back(take_out(entry++));
        continue;
      }
      if (left > 0) next = std::min(next, left);
      ++entry;
    }
    if (gone.empty()) {
      changed_.wait_for(lock, std::chrono::duration<double>(next));
      continue;
    }
    lock.unlock();
    gone.clear();  // which may take a while, in which more may have come to its end
    lock.lock();
  }
}

bool ModelLoader::drain(double seconds) {
  std::vector<std::shared_ptr<LoadedModel>> models;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [path, model] : loaded_) models.push_back(model);
  }
  const auto start = Clock::now();
  bool all = true;
  for (const auto& model : models) all = model->scheduler.drain(std::max(0.0, seconds - seconds_after(start))) && all;
  return all;
}

std::map<std::string, runtime::SchedulerMetrics> ModelLoader::metrics() {
  const std::scoped_lock lock(mutex_);
  std::map<std::string, runtime::SchedulerMetrics> out;
  for (const auto& [path, model] : loaded_) out[model->model.name] = model->scheduler.metrics();
  return out;
}

int64_t ModelLoader::memory_bytes() {
  const std::scoped_lock lock(mutex_);
  int64_t sum = 0;
  for (const auto& [path, model] : loaded_) sum += model->memory_bytes;
  return sum;
}

runtime::SchedulerMetrics ModelLoader::total() {
  const std::scoped_lock lock(mutex_);
  runtime::SchedulerMetrics sum = past_;
  for (const auto& [path, model] : loaded_) sum += model->scheduler.metrics();
  return sum;
}

}  // namespace facet::server
