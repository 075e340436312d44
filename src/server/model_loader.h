// The models that are in memory: each is loaded when somebody asks for it, stays as long as it is used and a while
// longer, and shares the memory with the others. Internal to server/.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "server/loaded_model.h"
#include "server/memory_share.h"

namespace facet::server {

struct ModelLoaderOptions {
  // The engine of a model's file or folder, planned for so much memory (0: what the machine has), with the options that
  // the catalog plans with; throws as Engine::load does.
  std::function<std::shared_ptr<const runtime::Engine>(const std::string& path, int64_t memory_bytes)> load;
  int64_t memory_bytes = 0;  // of all models together, at most; 0: nobody knows, and nothing is checked
  // What is kept of prompts and answers of that engine beyond them; empty: nothing is.
  std::function<std::shared_ptr<runtime::PrefixCache>(const std::shared_ptr<const runtime::Engine>&)> open_cache;
  double keep_alive = 300;  // seconds that an unused model stays loaded; negative: for ever
  runtime::SchedulerOptions scheduler;
  std::string media_folder;  // where encoded media are kept; empty: in memory alone
};

class ModelLoader;

// Counts as a use of the model until it is dropped: the model is not let go of meanwhile.
class ModelUse {
 public:
  ModelUse(ModelLoader& loader, std::shared_ptr<LoadedModel> model, double load_seconds)
      : loader_(&loader), model_(std::move(model)), load_seconds_(load_seconds) {}
  ModelUse(ModelUse&& other) noexcept = default;
  ModelUse& operator=(ModelUse&&) = delete;
  ~ModelUse();

  const std::shared_ptr<LoadedModel>& model() const noexcept { return model_; }
  double load_seconds() const noexcept { return load_seconds_; }  // that were waited for it
  // Counts another use, which ends when the function is called. It owns nothing of the model: the scheduler's thread,
  // which may call it, must not be the one that ends the scheduler.
  std::function<void()> prolong() const;

 private:
  ModelLoader* loader_;
  std::shared_ptr<LoadedModel> model_;
  double load_seconds_;
};

// Thread-safe.
class ModelLoader {
 public:
  // The catalog outlives it.
  ModelLoader(ModelCatalog& catalog, ModelLoaderOptions options);
  ~ModelLoader();  // cancels what runs

  // Loads the model if it is not there. keep_alive: from now on, in place of the options'. Throws ShortageError when
  // models in use leave too little memory for it, ApiError Internal when its files are of no use, CancelledError while
  // it waits for others to be loaded or to leave; a load that has begun comes to its end.
  ModelUse use(const ServedModel& model, std::optional<double> keep_alive = {}, const IsCancelled& is_cancelled = {});
  // At once, or when what runs is done.
  void let_go_of(const ServedModel& model);
  void fill_in_state(ModelInfo& info);
  // As Service's.
  void on_change(std::function<void()> callback);

  // As Service's and EngineService's.
  bool drain(double seconds);
  std::map<std::string, runtime::SchedulerMetrics> metrics();
  runtime::SchedulerMetrics total();
  // Of the options' memory_bytes: what models may come to take that are loaded, being loaded, or on their way out.
  int64_t memory_bytes() const { return budget_.taken(); }

 private:
  friend class ModelUse;
  using Loaded = std::map<std::string, std::shared_ptr<LoadedModel>>;  // by path
  struct Room {
    int64_t available_bytes;  // as EngineOptions::memory_limit
    MemoryShare share;
  };

  // Counts a use, which end_use() ends; null: it is not loaded.
  std::shared_ptr<LoadedModel> use_loaded(const std::string& path, std::optional<double> keep_alive);
  void begin_use(LoadedModel& model);
  void end_use(LoadedModel& model);
  std::shared_ptr<LoadedModel> load(const ServedModel& model, std::optional<double> keep_alive,
                                    const IsCancelled& is_cancelled);
  class LoadingTurn;
  Room make_room(const ServedModel& model, const IsCancelled& is_cancelled);
  std::shared_ptr<LoadedModel> load_into(const Room& room, const ServedModel& model);
  std::shared_ptr<LoadedModel> take_out(Loaded::iterator entry);  // which is then no longer found
  bool free_memory(int64_t taken, const IsCancelled& is_cancelled);
  void tell_of_change() noexcept;
  void let_go_of_idle_models();

  ModelCatalog& catalog_;
  ModelLoaderOptions options_;
  MemoryBudget budget_;
  std::mutex mutex_;  // of loaded_, what it says of uses, loading_, past_ and is_ending_
  Loaded loaded_;
  std::string loading_;             // the path of the model that is loaded now; empty: none is
  std::mutex callback_mutex_;       // of the next
  std::function<void()> callback_;  // on_change()
  runtime::SchedulerMetrics past_;  // of models that were let go of
  std::condition_variable changed_;
  bool is_ending_ = false;
  std::thread janitor_;
};

}  // namespace facet::server
