#include "runtime/engine.h"

#include <chrono>
#include <mutex>

#include "base/cpu_topology.h"
#include "base/thread_pool.h"
#include "runtime/backend.h"
#include "runtime/executor.h"
#include "runtime/memory_plan.h"
#include "runtime/model_facts.h"
#include "runtime/token_table.h"

namespace facet::runtime {

struct Engine::State {
  ModelFacts facts;
  std::unique_ptr<model::KvLayout> layout;
  std::shared_ptr<PagePools> pools;
  std::unique_ptr<ThreadPool> threads;
  std::unique_ptr<Executor> executor;
  double load_seconds = 0;
  std::once_flag token_table_once;
  std::shared_ptr<const constraint::TokenTable> token_table;
};

std::shared_ptr<const Engine> Engine::load(const std::string& path, const EngineOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const auto report = [&](int64_t done) {
    if (options.progress) options.progress(done, 2);
  };
  auto s = std::make_unique<State>();
  report(0);
  s->facts = read_model(path, options, Purpose::Compute);
  check_fits(path, s->facts.plan, options.kv);
  report(1);
  const ModelFacts& m = s->facts;
  s->layout = std::make_unique<model::KvLayout>(m.config, kv_type(options.kv), kPageTokens);
  s->pools =
      std::make_shared<PagePools>(PagePools{PagePool(s->layout->page_bytes[0]), PagePool(s->layout->page_bytes[1])});
  s->threads = std::make_unique<ThreadPool>(options.n_threads,
                                            options.pin_threads ? processors_for_threads() : std::vector<int>());
  s->facts.options.n_threads = s->threads->count();
  auto op = make_backend(options, *s->threads);
  if (options.wrap_ops) op = options.wrap_ops(std::move(op));
  s->executor = std::make_unique<Executor>(m.config, m.weights, *s->layout, std::move(op), m.options.prefill_chunk,
                                           max_step_rows(m.config, m.encoders, m.options));
  s->load_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  report(2);
  // What they captured may end with this call.
  s->facts.options.progress = nullptr;
  s->facts.options.wrap_ops = nullptr;
  return std::shared_ptr<const Engine>(new Engine(std::move(s)));
}

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::~Engine() = default;

const std::string& Engine::path() const noexcept { return state_->facts.path; }
const model::Config& Engine::config() const noexcept { return state_->facts.config; }
const model::Weights& Engine::weights() const noexcept { return state_->facts.weights; }
const model::KvLayout& Engine::kv_layout() const noexcept { return *state_->layout; }
const Encoders& Engine::encoders() const noexcept { return state_->facts.encoders; }
const text::Tokenizer& Engine::tokenizer() const noexcept { return *state_->facts.tokenizer; }
const GenerationDefaults& Engine::defaults() const noexcept { return state_->facts.defaults; }
ChatFamily Engine::chat_family() const noexcept { return state_->facts.family; }
const EngineOptions& Engine::options() const noexcept { return state_->facts.options; }
int Engine::context() const noexcept { return state_->facts.options.context; }
int Engine::n_threads() const noexcept { return state_->facts.options.n_threads; }
double Engine::load_seconds() const noexcept { return state_->load_seconds; }
double Engine::share_read() const noexcept {
  return state_->facts.read_ahead ? state_->facts.read_ahead->share_done() : 1;
}
Executor& Engine::executor() const noexcept { return *state_->executor; }
std::shared_ptr<std::array<PagePool, 2>> Engine::page_pools() const noexcept { return state_->pools; }

std::shared_ptr<const constraint::TokenTable> Engine::token_table() const {
  std::call_once(state_->token_table_once, [this] {
    state_->token_table = constraint::TokenTable::make(token_table_parts(tokenizer(), defaults().stop_tokens));
  });
  return state_->token_table;
}

MemoryPlan Engine::plan(int context) const {
  return make_plan(config(), weights(), encoders(), kv_layout(), options(), context);
}

}  // namespace facet::runtime
