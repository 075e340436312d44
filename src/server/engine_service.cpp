#include "server/engine_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <future>

#include "base/error.h"
#include "base/system_memory.h"
#include "runtime/chat_format.h"
#include "server/api_error.h"
#include "server/call_loops.h"
#include "server/engine_job.h"
#include "server/messages.h"
#include "server/prompt.h"

namespace facet::server {
namespace {

using Clock = LoadedModel::Clock;
using Thought = runtime::OutputRules::Thought;

constexpr std::chrono::milliseconds kCancelTick{100};  // how often it is asked whether somebody waits

double seconds_after(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

runtime::GenerateOptions generate_options(const GenerationRequest& request, const runtime::Engine& engine) {
  runtime::GenerateOptions options = runtime::changed_options(engine, request.sampling);
  for (const auto& [token, bias] : request.sampling.bias) options.sampling.bias.push_back({token, bias});
  options.max_tokens = request.max_tokens;
  options.n_logprobs = request.n_logprobs;
  return options;
}

// Of a text that is continued as it is, nothing is ruled out without a grammar.
std::optional<runtime::OutputRules> rules_for(const GenerationRequest& request, const BuiltPrompt& prompt, bool thinks,
                                              SharedGrammar grammar) {
  if (!prompt.is_chat && !grammar) return {};
  runtime::OutputRules rules;
  rules.grammar = std::move(grammar);
  rules.is_chat = prompt.is_chat;
  rules.thought = prompt.starts_in_thought ? Thought::Open : thinks ? Thought::Allowed : Thought::Forbidden;
  rules.thought_budget = request.thinking.budget;
  return rules;
}

void check_request(const GenerationRequest& request) {
  if (request.n < 1 || request.n > kMaxChoices)
    throw ApiError(ApiError::Kind::Invalid, fmt::format("n: {} answers, expected 1 to {}", request.n, kMaxChoices),
                   "n");
}

// Length 1; all of it, or the first entries.
std::vector<float> normalized(std::vector<float> x, int dimensions) {
  if (dimensions > 0 && static_cast<size_t>(dimensions) < x.size()) x.resize(static_cast<size_t>(dimensions));
  double sum = 0;
  for (const float v : x) sum += double{v} * v;
  const double scale = sum > 0 ? 1 / std::sqrt(sum) : 0;
  for (float& v : x) v = static_cast<float>(v * scale);
  return x;
}

double gigabytes(int64_t bytes) { return static_cast<double>(bytes) / 1e9; }

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

// Counts as a use of the model until it is dropped.
struct EngineService::Use {
  EngineService* service;
  std::shared_ptr<LoadedModel> model;
  double load_seconds = 0;

  Use(EngineService* s, std::shared_ptr<LoadedModel> m, double seconds)
      : service(s), model(std::move(m)), load_seconds(seconds) {}
  Use(Use&& other) noexcept = default;
  Use& operator=(Use&&) = delete;
  ~Use() {
    if (model) service->end_use(*model);
  }
};

EngineService::EngineService(std::unique_ptr<ModelCatalog> catalog, EngineServiceOptions options)
    : catalog_(std::move(catalog)), options_(std::move(options)) {
  if (options_.memory_bytes <= 0) options_.memory_bytes = available_memory();
  janitor_ = std::thread([this] { let_go_of_idle_models(); });
}

EngineService::~EngineService() {
  {
    const std::scoped_lock lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  janitor_.join();
  for (const auto& [path, model] : loaded_) model->scheduler.stop();
}

std::vector<ModelInfo> EngineService::models() {
  auto all = catalog_->describe_all();
  for (ModelInfo& info : all) fill_in_state(info);
  return all;
}

ModelInfo EngineService::model(const std::string& name) {
  ModelInfo info = catalog_->describe(catalog_->find(name));
  fill_in_state(info);
  return info;
}

void EngineService::fill_in_state(ModelInfo& info) {
  const std::scoped_lock lock(mutex_);
  const auto found = loaded_.find(info.path);
  if (found == loaded_.end()) return;
  const LoadedModel& model = *found->second;
  info.is_loaded = true;
  info.context = model.engine->context();
  info.resident_bytes = model.engine->plan(info.context).resident_bytes;
  info.expires_in = model.expires_in();
}

void EngineService::load(const std::string& name, std::optional<double> keep_alive) { use(name, keep_alive); }

void EngineService::unload(const std::string& name) {
  const ServedModel model = catalog_->find(name);
  {
    const std::scoped_lock lock(mutex_);
    const auto found = loaded_.find(model.path);
    if (found == loaded_.end()) return;
    found->second->keep_alive = 0;  // at once, or when what runs is done
  }
  changed_.notify_all();
}

void EngineService::add_name(const std::string& name, const std::string& new_name) {
  catalog_->add_name(name, new_name);
}

void EngineService::remove_name(const std::string& name) { catalog_->remove_name(name); }

EngineService::Use EngineService::use(const std::string& name, std::optional<double> keep_alive) {
  const ServedModel model = catalog_->find(name);
  const auto start = Clock::now();
  for (;;) {
    auto loaded = find_or_load(model);
    const std::scoped_lock lock(mutex_);
    const auto found = loaded_.find(model.path);
    if (found == loaded_.end() || found->second != loaded) continue;  // let go of in between
    if (keep_alive) loaded->keep_alive = *keep_alive;
    ++loaded->n_uses;
    return {this, std::move(loaded), seconds_after(start)};
  }
}

void EngineService::begin_use(LoadedModel& model) {
  const std::scoped_lock lock(mutex_);
  ++model.n_uses;
}

void EngineService::end_use(LoadedModel& model) {
  {
    const std::scoped_lock lock(mutex_);
    --model.n_uses;
    model.last_used = Clock::now();
  }
  changed_.notify_all();
}

std::shared_ptr<LoadedModel> EngineService::find_or_load(const ServedModel& model) {
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
EngineService::LoadedEngine EngineService::load_engine(const ServedModel& model) {
  const int context = catalog_->describe(model).context;
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
std::shared_ptr<LoadedModel> EngineService::take_out(Loaded::iterator entry) {
  auto model = std::move(entry->second);
  loaded_.erase(entry);
  model->scheduler.drain(1);
  past_ += model->scheduler.metrics();
  return model;
}

// The one that was used least recently. False: all are in use.
bool EngineService::free_idle_model() {
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

void EngineService::let_go_of_idle_models() {
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

std::shared_ptr<Job> EngineService::generate(GenerationRequest request, EventSink sink) {
  const auto start = Clock::now();
  check_request(request);
  const Use in_use = use(request.model, request.keep_alive);
  const std::shared_ptr<LoadedModel> model = in_use.model;
  const runtime::Engine& engine = *model->engine;
  const bool may_think =
      runtime::can_think(runtime::chat_format_or_familys(engine.chat_family(), engine.tokenizer())) && !request.is_raw;
  const bool thinks = may_think && request.thinking.on.value_or(options_.thinks);
  if (is_call_loop(request.messages, options_.max_same_calls, options_.max_rounds))
    request.tool_choice = {ToolChoice::Kind::None, {}, {}};
  SharedGrammar grammar = model->grammars.find(request);
  if (grammar) engine.token_table();  // made here, once, and not while others wait for their next token
  const BuiltPrompt prompt =
      build_prompt(model->engine, request, thinks, model->media_cache, model->thoughts, request.cancel.get());
  if (request.cancel && *request.cancel) throw CancelledError();

  runtime::Job job;
  job.tokens = prompt.tokens;
  job.media = prompt.media;
  job.boundaries = prompt.boundaries;
  job.options = generate_options(request, engine);
  if (request.ignores_stop && !grammar) {
    const auto& stops = engine.defaults().stop_tokens;
    job.options.sampling.suppress.insert(job.options.sampling.suppress.end(), stops.begin(), stops.end());
  }
  job.options.rules = rules_for(request, prompt, thinks, std::move(grammar));
  job.n_choices = request.n;
  job.client = request.client;
  job.priority = request.is_background ? runtime::Priority::Low : runtime::Priority::Normal;
  job.queue_seconds = request.timeout;

  EngineJob::Setup setup;
  setup.model = model->model.name;
  setup.facts = {prompt.is_chat, prompt.starts_in_thought, thinks || !request.thinking.on.has_value(), prompt.declared,
                 request.stop,   request.n_logprobs >= 0};
  setup.n_choices = request.n;
  setup.n_prompt = static_cast<int>(prompt.tokens.size());
  setup.load_seconds = in_use.load_seconds;
  setup.start = start;
  setup.remember = [memory = &model->thoughts, client = request.client, messages = prompt.messages](
                       const Json& calls, const std::string& thought) {
    memory->remember(client, messages, calls, thought);
  };
  setup.on_end = [this, used = model.get()] { end_use(*used); };
  auto running = std::make_shared<EngineJob>(engine.tokenizer(), std::move(setup), std::move(sink));
  begin_use(*model);  // until the job ends; then its last owner is not the scheduler's own thread
  running->submit(model, std::move(job));
  return running;
}

int EngineService::count_tokens(const GenerationRequest& request) {
  const Use in_use = use(request.model, request.keep_alive);
  LoadedModel& model = *in_use.model;
  model.grammars.find(request);  // what is wrong with its tools is wrong here too
  const bool thinks = request.thinking.on.value_or(options_.thinks);
  return static_cast<int>(build_prompt(model.engine, request, thinks, model.media_cache, model.thoughts).tokens.size());
}

std::vector<text::TokenId> EngineService::tokenize(const std::string& name, const std::string& text, bool with_bos) {
  const Use in_use = use(name);
  const text::Tokenizer& tokenizer = in_use.model->engine->tokenizer();
  auto tokens = tokenizer.encode(text, text::Specials::Forbid);
  if (with_bos && tokenizer.bos()) tokens.insert(tokens.begin(), *tokenizer.bos());
  return tokens;
}

std::string EngineService::detokenize(const std::string& name, std::span<const text::TokenId> tokens) {
  const Use in_use = use(name);
  return in_use.model->engine->tokenizer().decode(tokens, false);
}

EmbeddingResult EngineService::embed(const EmbeddingRequest& request) {
  const auto start = Clock::now();
  const Use in_use = use(request.model, request.keep_alive);
  LoadedModel& model = *in_use.model;
  const text::Tokenizer& tokenizer = model.engine->tokenizer();
  const auto context = static_cast<size_t>(model.engine->context());
  EmbeddingResult result;
  result.model = model.model.name;
  result.load_seconds = in_use.load_seconds;
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
  result.total_seconds = seconds_after(start);
  return result;
}

TranscriptionResult EngineService::transcribe(const TranscriptionRequest& request,
                                              const std::function<bool(const TranscriptionSegment&)>& segment) {
  const Use in_use = use(request.model);
  return transcribe_sound(*in_use.model, request, segment);
}

class EngineService::Live : public LiveTranscription {
 public:
  Live(Use use, const LiveRequest& request, runtime::LiveListener& listener)
      : use_(std::move(use)), transcriber_(use_.model->engine, live_options(request), listener) {}

  void push(std::span<const float> samples) override { transcriber_.push(samples); }
  bool commit() override { return transcriber_.commit(); }
  void clear() override { transcriber_.clear(); }
  double position() const override { return transcriber_.position(); }

 private:
  Use use_;
  runtime::LiveTranscriber transcriber_;
};

std::unique_ptr<LiveTranscription> EngineService::listen(const LiveRequest& request, runtime::LiveListener& listener) {
  return std::make_unique<Live>(use(request.model), request, listener);
}

bool EngineService::drain(double seconds) {
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

std::map<std::string, runtime::SchedulerMetrics> EngineService::metrics() {
  const std::scoped_lock lock(mutex_);
  std::map<std::string, runtime::SchedulerMetrics> out;
  for (const auto& [path, model] : loaded_) out[model->model.name] = model->scheduler.metrics();
  return out;
}

int64_t EngineService::memory_bytes() {
  const std::scoped_lock lock(mutex_);
  int64_t sum = 0;
  for (const auto& [path, model] : loaded_) sum += model->memory_bytes;
  return sum;
}

runtime::SchedulerMetrics EngineService::total() {
  const std::scoped_lock lock(mutex_);
  runtime::SchedulerMetrics sum = past_;
  for (const auto& [path, model] : loaded_) sum += model->scheduler.metrics();
  return sum;
}

}  // namespace facet::server
