// Texts as vectors of length 1.
#include <fmt/format.h>

#include <cmath>
#include <future>

#include "base/error.h"
#include "server/api_error.h"
#include "server/loaded_model.h"

namespace facet::server {
namespace {

constexpr std::chrono::milliseconds kCancelTick{100};  // how often it is asked whether somebody waits

// Length 1; all of it, or the first entries.
std::vector<float> normalized(std::vector<float> x, int dimensions) {
  if (dimensions > 0 && static_cast<size_t>(dimensions) < x.size()) x.resize(static_cast<size_t>(dimensions));
  double sum = 0;
  for (const float v : x) sum += double{v} * v;
  const double scale = sum > 0 ? 1 / std::sqrt(sum) : 0;
  for (float& v : x) v = static_cast<float>(v * scale);
  return x;
}

class EmbeddingListener : public runtime::JobListener {
 public:
  void on_embedded(std::vector<float> embedding, const runtime::SyncResult&) override {
    result_.set_value(std::move(embedding));
  }
  void on_failed(std::exception_ptr error) override { result_.set_exception(std::move(error)); }
  std::future<std::vector<float>> result() { return result_.get_future(); }

 private:
  std::promise<std::vector<float>> result_;
};

void check_wanted(const EmbeddingRequest& request) {
  if (request.is_cancelled && request.is_cancelled()) throw CancelledError();
}

std::vector<float> embedding_of(runtime::Job job, runtime::Scheduler& scheduler, const EmbeddingRequest& request) {
  auto listener = std::make_shared<EmbeddingListener>();
  auto embedding = listener->result();
  job.listener = std::move(listener);
  const runtime::JobId id = scheduler.submit(std::move(job));
  while (embedding.wait_for(kCancelTick) != std::future_status::ready)
    if (request.is_cancelled && request.is_cancelled()) scheduler.cancel(id);
  return embedding.get();
}

}  // namespace

EmbeddingResult embed_inputs(LoadedModel& model, const EmbeddingRequest& request) {
  const text::Tokenizer& tokenizer = model.engine->tokenizer();
  const auto context = static_cast<size_t>(model.engine->context());
  EmbeddingResult result;
  result.model = model.model.name;
  std::vector<runtime::Job> jobs;
  for (const auto& input : request.inputs) {
    check_wanted(request);
    runtime::Job job;
    job.tokens = input.tokens.empty() ? tokenizer.encode(input.text, text::Specials::Forbid) : input.tokens;
    if (input.tokens.empty() && tokenizer.bos()) job.tokens.insert(job.tokens.begin(), *tokenizer.bos());
    if (job.tokens.size() > context && request.truncates) job.tokens.resize(context);
    if (job.tokens.size() > context)
      throw ApiError(
          ApiError::Kind::ContextFull,
          fmt::format("input: {} tokens exceed the model's context length of {} tokens", job.tokens.size(), context),
          "input");
    result.n_tokens += static_cast<int>(job.tokens.size());
    job.embed = runtime::Pooling::Mean;
    job.client = request.client;
    jobs.push_back(std::move(job));
  }
  for (runtime::Job& job : jobs) {  // in turn: a list of many inputs must not fill the queue
    check_wanted(request);
    result.embeddings.push_back(normalized(embedding_of(std::move(job), model.scheduler, request), request.dimensions));
  }
  return result;
}

}  // namespace facet::server
