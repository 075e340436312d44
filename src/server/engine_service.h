// The service of models that this machine has: requests become jobs of the model they name.
#pragma once

#include <map>

#include "server/model_loader.h"
#include "server/service.h"

namespace facet::server {

struct EngineServiceOptions : ModelLoaderOptions {
  std::string backend, kernels;  // as MachineInfo has them
  int n_threads = 0;
  bool thinks = false;  // where a request does not say
  // Of loops, switched off by 0. The same call so many times in a row, and so many rounds without any text: then the
  // model may not call again, and has to answer. Tokens of an answer, for which the request sets no limit, that only
  // repeat a passage: then it ends.
  int max_same_calls = 0, max_rounds = 0, max_same_text = 0;
};

class EngineService : public Service {
 public:
  // Its end cancels what runs.
  EngineService(std::unique_ptr<ModelCatalog> catalog, EngineServiceOptions options);

  std::vector<ModelInfo> models() override;
  ModelInfo model(const std::string& name) override;
  void load(const std::string& name, std::optional<double> keep_alive) override;
  void unload(const std::string& name) override;
  void add_name(const std::string& name, const std::string& new_name) override;
  void remove_name(const std::string& name) override;
  MachineInfo machine() override;
  void on_change(std::function<void()> callback) override { models_.on_change(std::move(callback)); }
  std::shared_ptr<Job> generate(GenerationRequest request, EventSink sink) override;
  int count_tokens(const GenerationRequest& request) override;
  std::vector<text::TokenId> tokenize(const std::string& model, const std::string& text, bool with_bos) override;
  std::string detokenize(const std::string& model, std::span<const text::TokenId> tokens) override;
  EmbeddingResult embed(const EmbeddingRequest& request) override;
  TranscriptionResult transcribe(const TranscriptionRequest& request,
                                 const std::function<bool(const TranscriptionSegment&)>& segment) override;
  std::unique_ptr<LiveTranscription> listen(const LiveRequest& request, runtime::LiveListener& listener) override;

  // Waits at most so long until all jobs are done. False: some are not.
  bool drain(double seconds) { return models_.drain(seconds); }

  // Of each model that is loaded, by its name.
  std::map<std::string, runtime::SchedulerMetrics> metrics() { return models_.metrics(); }
  // What models may come to take of EngineServiceOptions::memory_bytes until they have left.
  int64_t memory_bytes() { return models_.memory_bytes(); }
  // Of all models since the service began, those among them that were let go of.
  runtime::SchedulerMetrics total() { return models_.total(); }

 private:
  class Live;

  ModelUse use(const std::string& name, std::optional<double> keep_alive = {}, const IsCancelled& is_cancelled = {});
  ModelUse use_for(const GenerationRequest& request);

  std::unique_ptr<ModelCatalog> catalog_;
  EngineServiceOptions options_;
  ModelLoader models_;
};

}  // namespace facet::server
