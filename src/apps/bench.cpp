// facet bench: how fast a model is here, each figure beside the most this machine could give.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "apps/commands.h"
#include "apps/json_output.h"
#include "apps/model_options.h"
#include "apps/terminal.h"
#include "base/cpu_topology.h"
#include "base/error.h"
#include "base/system_memory.h"
#include "model/work.h"
#include "ops/cpu/ceilings.h"
#include "ops/timed_ops.h"
#include "runtime/executor.h"
#include "runtime/session.h"
#include "runtime/tuning.h"

namespace facet::apps {
namespace {

using Json = nlohmann::ordered_json;
using Tokens = std::vector<runtime::TokenId>;

// The prompt that is answered right after loading.
constexpr int kFirstPrompt = 16;

struct BenchFlags {
  ModelOptions model;
  int prefill = 512, decode = 64, depth = 0, batch = 1, repeats = 5;
  bool ops = false, json = false;
};

struct Result {
  std::string isa;
  double load_ms = 0, first_token_ms = 0;
  ops::cpu::Ceilings ceilings;
  double prefill_tokens_per_s = 0, prefill_gflop_s = 0;
  double decode_tokens_per_s = 0, decode_gb_s = 0, decode_bytes_per_token = 0;
  int64_t peak_rss_bytes = 0;
  uint64_t logits_hash = 0;
  ops::OpTimes prefill_ops, decode_ops;  // of all rounds together; with --ops
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

// FNV-1a over the bits: two builds that agree to the last bit print the same.
uint64_t hash_of(std::span<const float> logits) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const std::byte b : std::as_bytes(logits)) hash = (hash ^ static_cast<uint64_t>(b)) * 0x100000001b3u;
  return hash;
}

// Text tokens that differ from round to round, so that nothing learns the input; the same in every run.
Tokens random_tokens(const text::Tokenizer& tokenizer, int n, uint64_t seed) {
  std::mt19937_64 random(seed);
  Tokens tokens;
  while (static_cast<int>(tokens.size()) < n) {  // see check_vocabulary()
    const auto id = static_cast<runtime::TokenId>(random() % static_cast<uint64_t>(tokenizer.n_tokens()));
    if (!tokenizer.is_special(id)) tokens.push_back(id);
  }
  return tokens;
}

void check_size(const BenchFlags& flags) {
  constexpr int64_t kMaxTokens = 1 << 28;
  if ((int64_t{flags.decode} + 1) * flags.batch > kMaxTokens)
    throw_error<RequestError>("--decode {} of --batch {}: expected at most {} tokens of all sessions together",
                              flags.decode, flags.batch, kMaxTokens);
}

void check_vocabulary(const runtime::Engine& engine) {
  for (runtime::TokenId id = 0; id < engine.tokenizer().n_tokens(); ++id)
    if (!engine.tokenizer().is_special(id)) return;
  throw_error<RequestError>("{}: all tokens are control tokens: there is no text to compute with", engine.path());
}

class Bench {
 public:
  // times: where the engine's ops are timed, if they are.
  Bench(const BenchFlags& flags, std::shared_ptr<const runtime::Engine> engine, ops::OpTimes& times)
      : flags_(flags),
        engine_(std::move(engine)),
        times_(times),
        past_(random_tokens(engine_->tokenizer(), flags.depth, 1)) {}

  Result run() {
    Result result;
    result.load_ms = engine_->load_seconds() * 1e3;
    result.first_token_ms = first_token_seconds() * 1e3;
    runtime::Session base(engine_);
    if (flags_.depth > 0) base.sync(past_);
    // A round that does not count: it brings the weights into memory and the buffers to their size.
    prefill_seconds(base, 0);
    decode_seconds(base, 0);
    result.peak_rss_bytes = peak_resident_memory();  // before the probe takes its buffer
    measure(base, result);
    return result;
  }

 private:
  double first_token_seconds() {
    runtime::Session session(engine_);
    auto options = runtime::default_options(*engine_);
    options.max_tokens = 1;
    return runtime::generate(session, random_tokens(engine_->tokenizer(), kFirstPrompt, 2), options)
        .stats.first_token_seconds;
  }

  double prefill_seconds(const runtime::Session& base, int round) {
    runtime::Session session = base.fork();
    Tokens tokens = past_;
    const Tokens more = random_tokens(engine_->tokenizer(), flags_.prefill, 100 + static_cast<uint64_t>(round));
    tokens.insert(tokens.end(), more.begin(), more.end());
    const auto start = std::chrono::steady_clock::now();
    session.sync(tokens);
    const double seconds = seconds_since(start);
    logits_hash_ = hash_of(session.logits());
    return seconds;
  }

  double decode_seconds(const runtime::Session& base, int round) {
    const int n_steps = flags_.decode + 1;  // one ahead of the clock
    const Tokens input =
        random_tokens(engine_->tokenizer(), n_steps * flags_.batch, 200 + static_cast<uint64_t>(round));
    std::vector<runtime::Session> sessions;
    for (int i = 0; i < flags_.batch; ++i) sessions.push_back(base.fork());
    std::vector<runtime::Session*> batch;
    for (runtime::Session& s : sessions) batch.push_back(&s);
    const auto step = [&](int i) {
      runtime::Session::append_batch(batch,
                                     std::span(input).subspan(static_cast<size_t>(i) * batch.size(), batch.size()));
    };
    step(0);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 1; i < n_steps; ++i) step(i);
    return seconds_since(start);
  }

  void measure(const runtime::Session& base, Result& result) {
    ThreadPool threads(engine_->n_threads(),
                       engine_->options().pin_threads ? processors_for_threads() : std::vector<int>());
    const kernels::Kernels& kernels = runtime::kernels_of(engine_->options());
    ops::cpu::CeilingProbe probe(threads, kernels, engine_->options().activations);
    std::vector<double> prefill, decode;
    probe.sample();
    for (int round = 1; round <= flags_.repeats; ++round) {
      if (stderr_is_terminal()) fmt::print(stderr, "\rround {} of {} ", round, flags_.repeats);
      times_.swap(result.prefill_ops);
      prefill.push_back(prefill_seconds(base, round));
      times_.swap(result.prefill_ops);
      probe.sample();
      times_.swap(result.decode_ops);
      decode.push_back(decode_seconds(base, round));
      times_.swap(result.decode_ops);
      probe.sample();
    }
    if (stderr_is_terminal()) fmt::print(stderr, "\r\x1b[K");
    result.isa = kernels.name;
    result.ceilings = probe.best();
    result.logits_hash = logits_hash_;
    rate_prefill(median(prefill), result);
    rate_decode(median(decode), engine_->executor().max_decode_rows(), result);
  }

  void rate_prefill(double seconds, Result& result) const {
    result.prefill_tokens_per_s = flags_.prefill / seconds;
    result.prefill_gflop_s =
        model::product_flops(engine_->config(), engine_->weights(), flags_.prefill, 1) / seconds / 1e9;
  }

  // The weights are read once for as many sessions as a step joins, the keys and values of each session once.
  void rate_decode(double seconds, int sessions_of_a_step, Result& result) const {
    const int n_groups = (flags_.batch + sessions_of_a_step - 1) / sessions_of_a_step;
    double kv_bytes = 0;
    for (int i = 1; i <= flags_.decode; ++i)
      kv_bytes += static_cast<double>(model::kv_bytes_read(engine_->config(), engine_->kv_layout(), flags_.depth + i));
    const auto weight_bytes = static_cast<double>(engine_->plan(engine_->context()).weight_bytes_per_token);
    const double bytes = weight_bytes * flags_.decode * n_groups + kv_bytes * flags_.batch;
    result.decode_tokens_per_s = flags_.decode * flags_.batch / seconds;
    result.decode_gb_s = bytes / seconds / 1e9;
    result.decode_bytes_per_token = bytes / (flags_.decode * flags_.batch);
  }

  const BenchFlags& flags_;
  std::shared_ptr<const runtime::Engine> engine_;
  ops::OpTimes& times_;
  Tokens past_;
  uint64_t logits_hash_ = 0;
};

double share(double value, double ceiling) { return ceiling > 0 ? value / ceiling : 0; }

// What takes longest first.
std::vector<std::pair<std::string, ops::OpTime>> by_time(const ops::OpTimes& times) {
  std::vector<std::pair<std::string, ops::OpTime>> sorted(times.begin(), times.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a.second.seconds > b.second.seconds; });
  return sorted;
}

double total_seconds(const ops::OpTimes& times) {
  double sum = 0;
  for (const auto& [name, t] : times) sum += t.seconds;
  return sum;
}

Json ops_json(const ops::OpTimes& times, const ops::cpu::Ceilings& ceilings) {
  Json list = Json::array();
  for (const auto& [name, t] : by_time(times))
    list.push_back({{"op", name},
                    {"calls", t.n_calls},
                    {"seconds", t.seconds},
                    {"share_of_time", share(t.seconds, total_seconds(times))},
                    {"gb_s", share(t.bytes, t.seconds) / 1e9},
                    {"share_of_read_ceiling", share(share(t.bytes, t.seconds) / 1e9, ceilings.read_gb_s)},
                    {"gflop_s", share(t.flops, t.seconds) / 1e9},
                    {"share_of_arithmetic_ceiling", share(share(t.flops, t.seconds) / 1e9, ceilings.gflop_s)}});
  return list;
}

void print_ops(std::string_view phase, const ops::OpTimes& times, const ops::cpu::Ceilings& ceilings) {
  fmt::print("\n  {:<24}{:>8}{:>10}{:>8}{:>9}{:>10}{:>11}{:>10}\n", phase, "calls", "ms", "time", "GB/s", "of read",
             "GFLOP/s", "of peak");
  const auto rate = [](double value, double ceiling, int width) {
    return value == 0 ? fmt::format("{:>{}}{:>10}", "", width, "")
                      : fmt::format("{:>{}.1f}{:>8.0f} %", value, width, 100 * share(value, ceiling));
  };
  for (const auto& [name, t] : by_time(times))
    fmt::print("  {:<24}{:>8}{:>10.2f}{:>6.1f} %{}{}\n", name, t.n_calls, t.seconds * 1e3,
               100 * share(t.seconds, total_seconds(times)),
               rate(share(t.bytes, t.seconds) / 1e9, ceilings.read_gb_s, 9),
               rate(share(t.flops, t.seconds) / 1e9, ceilings.gflop_s, 11));
}

Json to_json(const BenchFlags& flags, const runtime::Engine& engine, const Result& r) {
  Json json = {{"model", engine.path()},
               {"backend", flags.model.backend},
               {"isa", r.isa},
               {"threads", engine.n_threads()},
               {"depth", flags.depth},
               {"batch", flags.batch},
               {"repeats", flags.repeats},
               {"load_ms", r.load_ms},
               {"first_token_ms", r.first_token_ms},
               {"start_to_first_token_ms", r.load_ms + r.first_token_ms},
               {"ceiling", {{"read_gb_s", r.ceilings.read_gb_s}, {"gflop_s", r.ceilings.gflop_s}}},
               {"prefill",
                {{"tokens", flags.prefill},
                 {"tokens_per_s", r.prefill_tokens_per_s},
                 {"gflop_s", r.prefill_gflop_s},
                 {"share_of_ceiling", share(r.prefill_gflop_s, r.ceilings.gflop_s)}}},
               {"decode",
                {{"tokens", flags.decode},
                 {"tokens_per_s", r.decode_tokens_per_s},
                 {"bytes_per_token", r.decode_bytes_per_token},
                 {"gb_s", r.decode_gb_s},
                 {"share_of_ceiling", share(r.decode_gb_s, r.ceilings.read_gb_s)}}},
               {"peak_rss_bytes", r.peak_rss_bytes},
               {"logits_hash", fmt::format("{:016x}", r.logits_hash)}};
  if (flags.ops)
    json["ops"] = {{"prefill", ops_json(r.prefill_ops, r.ceilings)}, {"decode", ops_json(r.decode_ops, r.ceilings)}};
  return json;
}

void print_text(const BenchFlags& flags, const runtime::Engine& engine, const Result& r) {
  const auto row = [](std::string_view name, double value, std::string_view unit, const std::string& rest) {
    fmt::print("  {:<12}{:>10.1f} {:<10}{}\n", name, value, unit, rest);
  };
  const auto beside = [](double value, double ceiling, std::string_view unit) {
    return fmt::format("{:7.1f} of {:.1f} {}, {:.0f} %", value, ceiling, unit, 100 * share(value, ceiling));
  };
  fmt::print("{}: {}, {}, {} threads\n", printable(std::filesystem::path(engine.path()).filename().string()),
             flags.model.backend, r.isa, engine.n_threads());
  row("load", r.load_ms, "ms", "");
  row("first token", r.first_token_ms, "ms", fmt::format("   after loading, of a prompt of {}", kFirstPrompt));
  row("prefill", r.prefill_tokens_per_s, "tokens/s",
      beside(r.prefill_gflop_s, r.ceilings.gflop_s, "GFLOP/s") +
          fmt::format("   {} tokens at a depth of {}", flags.prefill, flags.depth));
  row("decode", r.decode_tokens_per_s, "tokens/s",
      beside(r.decode_gb_s, r.ceilings.read_gb_s, "GB/s") +
          fmt::format("   {} tokens at a depth of {}, batch {}", flags.decode, flags.depth, flags.batch));
  row("peak memory", static_cast<double>(r.peak_rss_bytes) / 1e6, "MB", "");
  fmt::print("  {:<12}{:016x}\n", "logits", r.logits_hash);
  if (flags.ops) {
    print_ops("prefill, all rounds", r.prefill_ops, r.ceilings);
    print_ops("decode, all rounds", r.decode_ops, r.ceilings);
  }
}

int bench(BenchFlags flags) {
  if (flags.model.context == 0)
    flags.model.context = std::max({flags.depth + flags.prefill, flags.depth + flags.decode + 1, kFirstPrompt + 1});
  check_size(flags);
  ops::OpTimes times;
  runtime::EngineOptions::WrapOps wrap;
  if (flags.ops)
    wrap = [&](std::unique_ptr<ops::Ops> op) { return std::make_unique<ops::TimedOps>(std::move(op), times); };
  const auto engine = flags.model.load(wrap);
  check_vocabulary(*engine);
  const Result result = Bench(flags, engine, times).run();
  if (flags.json)
    print_json(to_json(flags, *engine, result));
  else
    print_text(flags, *engine, result);
  return 0;
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("bench", "Speed beside what this machine could give");
  const auto flags = std::make_shared<BenchFlags>();
  flags->model.add_to(*command);
  const auto count = [&](const char* name, int& value, int least, const char* text) {
    command->add_option(name, value, text)->check(CLI::Range(least, 1 << 24))->capture_default_str()->type_name("N");
  };
  count("--prefill", flags->prefill, 1, "Tokens of a prompt that is computed at once");
  count("--decode", flags->decode, 1, "Tokens that are computed one by one");
  count("--depth", flags->depth, 0, "Tokens that stand before both");
  count("--batch,--sessions", flags->batch, 1, "Conversations that are decoded together, their tokens counted in all");
  count("--repeats", flags->repeats, 1, "Rounds whose median is shown");
  command->add_flag("--ops", flags->ops, "Each operation's share of the time, beside the ceilings");
  command->add_flag("--json", flags->json, "One JSON object on stdout");
  command->footer(
      "Examples:\n  facet bench\n  facet bench --prefill 128 --decode 32 --depth 2048 --json\n  facet bench --ops");
  command->callback([flags, &action] { action = [flags] { return bench(*flags); }; });
}

}  // namespace facet::apps
