#include "server/engine_service.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
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

}  // namespace

EngineService::EngineService(std::unique_ptr<ModelCatalog> catalog, EngineServiceOptions options)
    : catalog_(std::move(catalog)), options_(std::move(options)), models_(*catalog_, options_) {}

std::vector<ModelInfo> EngineService::models() {
  auto all = catalog_->describe_all();
  for (ModelInfo& info : all) models_.fill_in_state(info);
  return all;
}

ModelInfo EngineService::model(const std::string& name) {
  ModelInfo info = catalog_->describe(catalog_->find(name));
  models_.fill_in_state(info);
  return info;
}

void EngineService::load(const std::string& name, std::optional<double> keep_alive) { use(name, keep_alive); }

void EngineService::unload(const std::string& name) { models_.let_go_of(catalog_->find(name)); }

MachineInfo EngineService::machine() {
  return {options_.memory_bytes, models_.memory_bytes(), options_.backend, options_.kernels, options_.n_threads};
}

void EngineService::add_name(const std::string& name, const std::string& new_name) {
  catalog_->add_name(name, new_name);
}

void EngineService::remove_name(const std::string& name) { catalog_->remove_name(name); }

ModelUse EngineService::use(const std::string& name, std::optional<double> keep_alive,
                            const IsCancelled& is_cancelled) {
  return models_.use(catalog_->find(name), keep_alive, is_cancelled);
}

ModelUse EngineService::use_for(const GenerationRequest& request) {
  return use(request.model, request.keep_alive, [&request] { return request.cancel && *request.cancel; });
}

std::shared_ptr<Job> EngineService::generate(GenerationRequest request, EventSink sink) {
  const auto start = Clock::now();
  check_request(request);
  const ModelUse in_use = use_for(request);
  const std::shared_ptr<LoadedModel>& model = in_use.model();
  const runtime::Engine& engine = *model->engine;
  const bool may_think =
      runtime::can_think(runtime::chat_format_or_familys(engine.chat_family(), engine.tokenizer())) && !request.is_raw;
  const bool thinks = may_think && request.thinking.on.value_or(options_.thinks);
  if (request.tool_choice.kind == ToolChoice::Kind::Auto &&
      is_call_loop(request.messages, options_.max_same_calls, options_.max_rounds))
    request.tool_choice = {ToolChoice::Kind::None, {}, {}};
  SharedGrammar grammar = model->grammars.find(request);
  if (grammar) look_ahead(grammar, engine);
  const BuiltPrompt prompt =
      build_prompt(model->engine, request, thinks, model->media_cache, model->thoughts, request.cancel.get());
  if (request.cancel && *request.cancel) throw CancelledError();

  runtime::Job job;
  job.tokens = prompt.tokens;
  job.media = prompt.media;
  job.boundaries = prompt.boundaries;
  job.options = generate_options(request, engine);
  if (request.max_tokens < 0 && !request.ignores_stop) job.options.most_repeated = options_.max_same_text;
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
  setup.load_seconds = in_use.load_seconds();
  setup.start = start;
  setup.remember = [memory = &model->thoughts, client = request.client, messages = prompt.messages](
                       const Json& calls, const std::string& thought) {
    memory->remember(client, messages, calls, thought);
  };
  setup.on_end = in_use.prolong();
  auto running = std::make_shared<EngineJob>(engine.tokenizer(), std::move(setup), std::move(sink));
  running->submit(model, std::move(job));
  return running;
}

int EngineService::count_tokens(const GenerationRequest& request) {
  const ModelUse in_use = use_for(request);
  LoadedModel& model = *in_use.model();
  model.grammars.find(request);  // what is wrong with its tools is wrong here too
  const bool thinks = request.thinking.on.value_or(options_.thinks);
  return static_cast<int>(build_prompt(model.engine, request, thinks, model.media_cache, model.thoughts).tokens.size());
}

std::vector<text::TokenId> EngineService::tokenize(const std::string& name, const std::string& text, bool with_bos) {
  const ModelUse in_use = use(name);
  const text::Tokenizer& tokenizer = in_use.model()->engine->tokenizer();
  auto tokens = tokenizer.encode(text, text::Specials::Forbid);
  if (with_bos && tokenizer.bos()) tokens.insert(tokens.begin(), *tokenizer.bos());
  return tokens;
}

std::string EngineService::detokenize(const std::string& name, std::span<const text::TokenId> tokens) {
  const ModelUse in_use = use(name);
  return in_use.model()->engine->tokenizer().decode(tokens, false);
}

EmbeddingResult EngineService::embed(const EmbeddingRequest& request) {
  const auto start = Clock::now();
  const ModelUse in_use = use(request.model, request.keep_alive, request.is_cancelled);
  EmbeddingResult result = embed_inputs(*in_use.model(), request);
  result.load_seconds = in_use.load_seconds();
  result.total_seconds = seconds_after(start);
  return result;
}

TranscriptionResult EngineService::transcribe(const TranscriptionRequest& request,
                                              const std::function<bool(const TranscriptionSegment&)>& segment) {
  const ModelUse in_use = use(request.model, {}, request.is_cancelled);
  return transcribe_sound(*in_use.model(), request, segment);
}

class EngineService::Live : public LiveTranscription {
 public:
  Live(ModelUse use, const LiveRequest& request, runtime::LiveListener& listener)
      : use_(std::move(use)), transcriber_(use_.model()->engine, live_options(request), listener) {}

  void push(std::span<const float> samples) override { transcriber_.push(samples); }
  bool commit() override { return transcriber_.commit(); }
  void clear() override { transcriber_.clear(); }
  double position() const override { return transcriber_.position(); }

 private:
  ModelUse use_;
  runtime::LiveTranscriber transcriber_;
};

std::unique_ptr<LiveTranscription> EngineService::listen(const LiveRequest& request, runtime::LiveListener& listener) {
  const auto is_cancelled = [&request] { return request.cancel != nullptr && *request.cancel; };
  return std::make_unique<Live>(use(request.model, {}, is_cancelled), request, listener);
}

}  // namespace facet::server
