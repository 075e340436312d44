// The service of models that this machine has: loaded when somebody asks, kept as long as they are used, their jobs
// scheduled together.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "runtime/scheduler.h"
#include "server/memory_share.h"
#include "server/model_catalog.h"
#include "server/service.h"

namespace facet::server {

struct LoadedModel;

struct EngineServiceOptions {
  // The engine of a model's file or folder, planned for so much memory; throws as Engine::load does.
  std::function<std::shared_ptr<const runtime::Engine>(const std::string& path, int64_t memory_bytes)> load;
  int64_t memory_bytes =
      0;  // of all models together, at most; 0: what the machine has available when the service begins
  // What is kept of prompts and answers of that engine beyond them; empty: nothing is.
  std::function<std::shared_ptr<runtime::PrefixCache>(const std::shared_ptr<const runtime::Engine>&)> open_cache;
  double keep_alive = 300;  // seconds that an unused model stays loaded; negative: for ever
  bool thinks = false;      // where a request does not say
  runtime::SchedulerOptions scheduler;
  std::string media_folder;  // where encoded media are kept; empty: in memory alone
  // Of a loop of calls, switched off by 0: the same call so many times in a row, and so many rounds without any text.
  // Then the model may not call again, and has to answer.
  int max_same_calls = 0, max_rounds = 0;
};

class EngineService : public Service {
 public:
  EngineService(std::unique_ptr<ModelCatalog> catalog, EngineServiceOptions options);
  ~EngineService() override;  // cancels what runs

  std::vector<ModelInfo> models() override;
  ModelInfo model(const std::string& name) override;
  void load(const std::string& name, std::optional<double> keep_alive) override;
  void unload(const std::string& name) override;
  void add_name(const std::string& name, const std::string& new_name) override;
  void remove_name(const std::string& name) override;
  std::shared_ptr<Job> generate(GenerationRequest request, EventSink sink) override;
  int count_tokens(const GenerationRequest& request) override;
  std::vector<text::TokenId> tokenize(const std::string& model, const std::string& text, bool with_bos) override;
  std::string detokenize(const std::string& model, std::span<const text::TokenId> tokens) override;
  EmbeddingResult embed(const EmbeddingRequest& request) override;
  TranscriptionResult transcribe(const TranscriptionRequest& request,
                                 const std::function<bool(const TranscriptionSegment&)>& segment) override;
  std::unique_ptr<LiveTranscription> listen(const LiveRequest& request, runtime::LiveListener& listener) override;

  // Waits at most so long until all jobs are done. False: some are not.
  bool drain(double seconds);

  // Of each model that is loaded, by its name.
  std::map<std::string, runtime::SchedulerMetrics> metrics();
  // What the models that are loaded may come to take of EngineServiceOptions::memory_bytes.
  int64_t memory_bytes();
  // Of all models since the service began, those among them that were let go of.
  runtime::SchedulerMetrics total();

 private:
  struct Use;  // of a model, which is not let go of meanwhile
  class Live;

  Use use(const std::string& name, std::optional<double> keep_alive = {});
  void begin_use(LoadedModel& model);
  void end_use(LoadedModel& model);
  std::shared_ptr<LoadedModel> find_or_load(const ServedModel& model);
  struct LoadedEngine {
    std::shared_ptr<const runtime::Engine> engine;
    MemoryShare share;
  };
  LoadedEngine load_engine(const ServedModel& model);
  using Loaded = std::map<std::string, std::shared_ptr<LoadedModel>>;  // by path
  std::shared_ptr<LoadedModel> take_out(Loaded::iterator entry);       // which is then no longer found
  bool free_idle_model();
  void let_go_of_idle_models();
  void fill_in_state(ModelInfo& info);

  std::unique_ptr<ModelCatalog> catalog_;
  EngineServiceOptions options_;
  std::mutex mutex_;          // of loaded_ and past_
  std::mutex loading_mutex_;  // one model is loaded at a time
  Loaded loaded_;
  runtime::SchedulerMetrics past_;  // of models that were let go of
  std::condition_variable changed_;
  bool is_ending_ = false;
  std::thread janitor_;
};

}  // namespace facet::server
