#include "server/model_loader.h"

#include <algorithm>

#include "base/error.h"
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
  info.is_loading = info.path == loading_;
  const auto found = loaded_.find(info.path);
  if (found == loaded_.end()) return;
  const LoadedModel& model = *found->second;
  info.is_loaded = true;
  info.share_read = model.engine->share_read();
  info.context = model.engine->context();
  const runtime::MemoryPlan plan = model.engine->plan(info.context);
  info.resident_bytes = plan.resident_bytes;
  info.memory = memory_of(plan, model.engine->options().memory_limit);
  info.n_uses = model.n_uses;
  info.expires_in = model.expires_in();
}

void ModelLoader::on_change(std::function<void()> callback) {
  const std::scoped_lock lock(callback_mutex_);
  callback_ = std::move(callback);
}

// What it throws (no memory) changes nothing for the models.
void ModelLoader::tell_of_change() noexcept try {
  const std::scoped_lock lock(callback_mutex_);
  if (callback_) callback_();
} catch (...) {
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

// The only one that loads, as long as it lives; meanwhile that model is shown as being loaded.
class ModelLoader::LoadingTurn {
 public:
  LoadingTurn(ModelLoader& loader, const std::string& path, const IsCancelled& is_cancelled) : loader_(loader) {
    {
      std::unique_lock lock(loader_.mutex_);
      wait_unless_cancelled(loader_.changed_, lock, is_cancelled, [this] { return loader_.loading_.empty(); });
      loader_.loading_ = path;
    }
    loader_.tell_of_change();
  }
  ~LoadingTurn() {
    {
      const std::scoped_lock lock(loader_.mutex_);
      loader_.loading_.clear();
    }
    loader_.changed_.notify_all();
    loader_.tell_of_change();
  }
  LoadingTurn(const LoadingTurn&) = delete;
  LoadingTurn& operator=(const LoadingTurn&) = delete;

 private:
  ModelLoader& loader_;
};

ModelUse ModelLoader::use(const ServedModel& model, std::optional<double> keep_alive, const IsCancelled& is_cancelled) {
  const auto start = Clock::now();
  auto loaded = use_loaded(model.path, keep_alive);
  if (!loaded) {
    const LoadingTurn turn(*this, model.path, is_cancelled);
    loaded = use_loaded(model.path, keep_alive);
    if (!loaded) loaded = load(model, keep_alive, is_cancelled);
  }
  return {*this, std::move(loaded), seconds_after(start)};
}

std::shared_ptr<LoadedModel> ModelLoader::use_loaded(const std::string& path, std::optional<double> keep_alive) {
  const std::scoped_lock lock(mutex_);
  const auto found = loaded_.find(path);
  if (found == loaded_.end()) return nullptr;
  if (keep_alive) found->second->keep_alive = *keep_alive;
  ++found->second->n_uses;
  return found->second;
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

// In use when it is found first: else it might go at once.
std::shared_ptr<LoadedModel> ModelLoader::load(const ServedModel& model, std::optional<double> keep_alive,
                                               const IsCancelled& is_cancelled) {
  for (;;) {
    const Room room = make_room(model, is_cancelled);
    if (is_cancelled && is_cancelled()) throw CancelledError();
    try {
      auto loaded = load_into(room, model);
      loaded->keep_alive = keep_alive.value_or(options_.keep_alive);
      loaded->n_uses = 1;
      const std::scoped_lock lock(mutex_);
      return loaded_[model.path] = std::move(loaded);
    } catch (const ShortageError&) {  // of something that no plan tells
      const int64_t taken = memory_bytes();
      if (taken == 0 || !free_memory(taken, is_cancelled)) throw;
    } catch (...) {
      throw to_model_error(std::current_exception());
    }
  }
}

// Beside the models that are loaded. Where they leave too little, or would give it a smaller context than it has alone,
// idle ones go. Alone it has its way, as the system can drop weights and read them again. Judged before any is loaded.
ModelLoader::Room ModelLoader::make_room(const ServedModel& model, const IsCancelled& is_cancelled) {
  const int64_t limit = options_.memory_bytes, kv_budget = options_.scheduler.kv_budget;
  const runtime::MemoryPlan alone = catalog_.plan(model, limit);
  if (limit <= 0) return {0, share_of(alone, alone.available_bytes, kv_budget)};
  for (;;) {
    const int64_t taken = memory_bytes(), left = limit - taken;
    const runtime::MemoryPlan plan = catalog_.plan(model, std::max<int64_t>(left, 1));
    const Room room{left, share_of(plan, left, kv_budget)};
    const bool fits = room.share.total_bytes <= left;
    if (taken == 0 || (fits && plan.context >= alone.context)) return room;
    if (free_memory(taken, is_cancelled)) continue;
    if (fits) return room;
    throw_error<ShortageError>(
        "{}: takes up to {:.2f} GB; models that are in use may take {:.2f} of {:.2f} GB: try again when they are done",
        model.name, gigabytes(room.share.total_bytes), gigabytes(taken), gigabytes(limit));
  }
}

std::shared_ptr<LoadedModel> ModelLoader::load_into(const Room& room, const ServedModel& model) {
  MemoryBudget::Claim claim(budget_, room.share.total_bytes);
  auto engine = options_.load(model.path, room.available_bytes);
  runtime::SchedulerOptions scheduler = options_.scheduler;
  if (options_.open_cache) scheduler.cache = options_.open_cache(engine);
  scheduler.kv_budget = room.share.kv_budget;
  runtime::EmbeddingCacheOptions media;
  media.folder = options_.media_folder;
  media.memory_bytes = room.share.media_bytes;
  return std::make_shared<LoadedModel>(model, std::move(claim), std::move(engine), scheduler,
                                       std::make_shared<runtime::EmbeddingCache>(media));
}

// Under mutex_. Its scheduler has told of its last job, and counts it within the step.
std::shared_ptr<LoadedModel> ModelLoader::take_out(Loaded::iterator entry) {
  auto model = std::move(entry->second);
  loaded_.erase(entry);
  model->scheduler.drain(1);
  past_ += model->scheduler.metrics();
  return model;
}

// Until less than so much is taken: waits for what is on its way out, else lets go of the model that was used least
// recently. False: all are in use.
bool ModelLoader::free_memory(int64_t taken, const IsCancelled& is_cancelled) {
  std::shared_ptr<LoadedModel> oldest;
  {
    const std::scoped_lock lock(mutex_);
    int64_t loaded_bytes = 0;
    auto found = loaded_.end();
    for (auto entry = loaded_.begin(); entry != loaded_.end(); ++entry) {
      const LoadedModel& model = *entry->second;
      loaded_bytes += model.claim.bytes();
      if (model.n_uses == 0 && (found == loaded_.end() || model.last_used < found->second->last_used)) found = entry;
    }
    if (loaded_bytes == taken) {
      if (found == loaded_.end()) return false;
      oldest = take_out(found);
    }
  }
  oldest = nullptr;  // not under the lock: it takes a while
  tell_of_change();
  budget_.wait_for_less_than(taken, is_cancelled);
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
    tell_of_change();
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

runtime::SchedulerMetrics ModelLoader::total() {
  const std::scoped_lock lock(mutex_);
  runtime::SchedulerMetrics sum = past_;
  for (const auto& [path, model] : loaded_) sum += model->scheduler.metrics();
  return sum;
}

}  // namespace facet::server
