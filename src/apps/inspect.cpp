// facet inspect: what a model file holds and what running it takes, without loading it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <nlohmann/json.hpp>

#include "apps/commands.h"
#include "apps/model_options.h"
#include "model/config.h"
#include "model/weights.h"
#include "runtime/model_facts.h"
#include "text/tokenizer.h"

namespace facet::apps {
namespace {

using Json = nlohmann::ordered_json;

struct Flags {
  ModelOptions model;
  std::string path;
  bool tensors = false, json = false;
};

std::string chat_name(runtime::ChatFamily family) {
  switch (family) {
    case runtime::ChatFamily::Gemma4Large:
      return "gemma4 (large)";
    case runtime::ChatFamily::Gemma4Small:
      return "gemma4 (small)";
    case runtime::ChatFamily::Gemma3:
      return "gemma3";
    case runtime::ChatFamily::None:
      return "none (base model)";
  }
  return "none";
}

std::string layer_pattern(const model::Config& c) {
  std::string pattern;
  for (const model::LayerConfig& l : c.layers) pattern += l.is_local ? 'L' : 'G';
  return pattern;
}

// Widths of the two kinds of layers, "local / global".
template <class Get>
std::string by_kind(const model::Config& c, Get&& get) {
  std::map<bool, std::string> text;
  for (const model::LayerConfig& l : c.layers) text[!l.is_local] = std::to_string(get(l));
  return text.size() == 2 ? text[false] + " / " + text[true] : text.begin()->second;
}

Json architecture_json(const runtime::ModelFacts& m) {
  const model::Config& c = m.config;
  Json layers = Json::array();
  for (int i = 0; i < c.n_layers; ++i) {
    const model::LayerConfig& l = c.layers[static_cast<size_t>(i)];
    layers.push_back({{"local", l.is_local},
                      {"head_dim", l.head_dim},
                      {"kv_heads", l.n_kv_heads},
                      {"feed_forward", l.n_ff},
                      {"kv_source", l.kv_source}});
  }
  return {{"architecture", c.architecture},
          {"name", c.name},
          {"layers", c.n_layers},
          {"kv_layers", c.n_kv_layers},
          {"embedding", c.n_embd},
          {"heads", c.n_heads},
          {"vocabulary", c.n_vocab},
          {"context", c.context_length},
          {"window", c.window},
          {"softcap", c.logit_softcap},
          {"per_layer_embedding", c.n_ple},
          {"experts", c.n_experts},
          {"experts_used", c.n_experts_used},
          {"layer", layers}};
}

Json plan_json(const runtime::MemoryPlan& p) {
  return {{"context", p.context},
          {"file_bytes", p.file_bytes},
          {"weight_bytes_per_token", p.weight_bytes_per_token},
          {"resident_weight_bytes", p.resident_weight_bytes},
          {"ple_bytes_on_disk", p.ple_bytes_on_disk},
          {"kv_bytes_per_token", p.kv_bytes_per_token},
          {"kv_window_bytes", p.kv_window_bytes},
          {"kv_bytes", p.kv_bytes},
          {"scratch_bytes", p.scratch_bytes},
          {"tokenizer_bytes", p.tokenizer_bytes},
          {"resident_bytes", p.resident_bytes},
          {"available_bytes", p.available_bytes}};
}

Json tokenizer_json(const runtime::ModelFacts& m) {
  const text::Tokenizer& t = *m.tokenizer;
  Json stop = Json::array();
  for (const auto id : t.stop_tokens()) stop.push_back({{"id", id}, {"text", std::string(t.piece(id))}});
  int n_special = 0;
  for (int id = 0; id < t.n_tokens(); ++id) n_special += t.is_special(id);
  return {{"tokens", t.n_tokens()},
          {"special", n_special},
          {"bos", t.bos() ? Json(*t.bos()) : Json()},
          {"stop", stop},
          {"chat", chat_name(m.family)}};
}

Json tensors_json(const runtime::ModelFacts& m) {
  Json out = Json::array();
  for (const model::SourceTensor& t : m.weights.source->all())
    out.push_back({{"name", t.name},
                   {"type", std::string(quant::block_info(t.type).name)},
                   {"shape", t.shape},
                   {"bytes", t.data.size()}});
  return out;
}

std::string megabytes(int64_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6); }

void print_text(const runtime::ModelFacts& m, bool tensors) {
  const model::Config& c = m.config;
  const auto row = [](std::string_view name, const std::string& value) { fmt::print("  {:<26}{}\n", name, value); };
  fmt::print("{}\n", m.path);
  row("architecture", c.architecture + (c.name.empty() ? "" : " (" + c.name + ")"));
  row("layers", fmt::format("{}  {}", c.n_layers, layer_pattern(c)));
  if (c.n_kv_layers < c.n_layers)
    row("own keys and values", fmt::format("layers 0 to {}, later ones share theirs", c.n_kv_layers - 1));
  row("embedding, heads", fmt::format("{}, {}", c.n_embd, c.n_heads));
  row("head size (local / global)", by_kind(c, [](const auto& l) { return l.head_dim; }));
  row("KV heads (local / global)", by_kind(c, [](const auto& l) { return l.n_kv_heads; }));
  row("feed-forward", fmt::format("{} to {}", c.layers.front().n_ff, c.max_ff()));
  if (c.n_experts > 0) row("experts", fmt::format("{} of {}, {} used", c.n_experts, c.n_expert_ff, c.n_experts_used));
  if (c.n_ple > 0) row("per-layer embedding", std::to_string(c.n_ple));
  row("window, context", fmt::format("{}, {}", c.window, c.context_length));
  row("logit soft cap", c.logit_softcap > 0 ? fmt::format("{}", c.logit_softcap) : "none");
  std::map<std::string_view, std::pair<int, int64_t>> types;
  for (const model::SourceTensor& t : m.weights.source->all()) {
    auto& [n, bytes] = types[quant::block_info(t.type).name];
    ++n;
    bytes += static_cast<int64_t>(t.data.size());
  }
  for (const auto& [type, sum] : types)
    row(fmt::format("tensors of {}", type), fmt::format("{}, {}", sum.first, megabytes(sum.second)));
  const Json t = tokenizer_json(m);
  std::string stop;
  for (const Json& s : t["stop"]) stop += fmt::format(" {} ({})", s["text"].get<std::string>(), s["id"].get<int>());
  row("tokenizer",
      fmt::format("{} tokens, {} special; an answer ends at{}", t["tokens"].get<int>(), t["special"].get<int>(), stop));
  row("chat format", chat_name(m.family));
  const runtime::MemoryPlan& p = m.plan;
  fmt::print("memory at a context of {}\n", p.context);
  row("read per token", megabytes(p.weight_bytes_per_token));
  row("weights, once used", megabytes(p.resident_weight_bytes));
  if (p.ple_bytes_on_disk > 0) row("stays on disk", megabytes(p.ple_bytes_on_disk) + " of per-layer embeddings");
  row("keys and values", fmt::format("{}: {} bytes a token, {} for windows", megabytes(p.kv_bytes),
                                     p.kv_bytes_per_token, megabytes(p.kv_window_bytes)));
  row("activations", megabytes(p.scratch_bytes));
  row("tokenizer", megabytes(p.tokenizer_bytes));
  row("resident, at most",
      fmt::format("{} ({} available now)", megabytes(p.resident_bytes), megabytes(p.available_bytes)));
  for (const std::string& name : m.weights.ignored) row("not used", name);
  if (!tensors) return;
  fmt::print("tensors (outputs first)\n");
  for (const model::SourceTensor& s : m.weights.source->all())
    fmt::print("  {:<44}{:<9}{:<22}{}\n", s.name, quant::block_info(s.type).name,
               fmt::format("[{}]", fmt::join(s.shape, ", ")), s.data.size());
}

int inspect(const Flags& flags) {
  const auto facts = runtime::read_model(find_model(flags.path), flags.model.engine_options());
  if (!flags.json) {
    print_text(facts, flags.tensors);
    return 0;
  }
  Json out{{"path", facts.path},
           {"model", architecture_json(facts)},
           {"tokenizer", tokenizer_json(facts)},
           {"plan", plan_json(facts.plan)}};
  if (flags.tensors) out["tensors"] = tensors_json(facts);
  fmt::print("{}\n", out.dump());
  return 0;
}

}  // namespace

void add_inspect(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("inspect", "What a model file holds, and the memory it needs");
  const auto flags = std::make_shared<Flags>();
  command->add_option("MODEL", flags->path, "A .gguf, a checkpoint folder, or a name in the library");
  command
      ->add_option("--ctx", flags->model.context,
                   "Plan for N tokens of context [the largest that fits half of the free memory]")
      ->check(CLI::Range(1, 1 << 28))
      ->type_name("N");
  command->add_option("--kv", flags->model.kv, "Precision of the cache: f32, f16, bf16")
      ->check(CLI::IsMember({"f32", "f16", "bf16"}));
  command->add_flag("--tensors", flags->tensors, "List every tensor");
  command->add_flag("--json", flags->json, "One JSON object on stdout");
  command->footer("Example:\n  facet inspect --ctx 8192 --tensors MODEL");
  command->callback([flags, &action] { action = [flags] { return inspect(*flags); }; });
}

}  // namespace facet::apps
