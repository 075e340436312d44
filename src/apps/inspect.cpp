// facet inspect: what a model file holds and what running it takes, without loading it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "apps/commands.h"
#include "apps/json_output.h"
#include "apps/model_options.h"
#include "base/error.h"
#include "model/config.h"
#include "model/weights.h"
#include "runtime/model_facts.h"
#include "text/tokenizer.h"

namespace facet::apps {
namespace {

using Json = nlohmann::ordered_json;

struct InspectFlags {
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

Json rope_json(const model::RopeConfig& rope, const std::vector<float>& freqs) {
  return {{"base", rope.base}, {"factor", rope.factor}, {"rotated_pairs", freqs.size()}};
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
          {"expert_feed_forward", c.n_expert_ff},
          {"norm_epsilon", c.norm_eps},
          {"attention_scale", c.attn_scale},
          {"rope_local", rope_json(c.local_rope, m.weights.local_freqs)},
          {"rope_global", rope_json(c.global_rope, m.weights.global_freqs)},
          {"tied_output", m.weights.output.data == m.weights.token_embd.data},
          {"layer", layers}};
}

// Sums over the tensors of each type.
struct TypeSum {
  int n = 0;
  uint64_t bytes = 0;
};
std::map<std::string_view, TypeSum> sum_types(const std::vector<model::TensorFacts>& tensors) {
  std::map<std::string_view, TypeSum> sums;
  for (const model::TensorFacts& t : tensors) {
    ++sums[t.type_name].n;
    sums[t.type_name].bytes += t.n_bytes;
  }
  return sums;
}

uint64_t count_parameters(const std::vector<model::TensorFacts>& tensors) {
  uint64_t n = 0;
  for (const model::TensorFacts& t : tensors)
    n += std::accumulate(t.shape.begin(), t.shape.end(), uint64_t{1}, std::multiplies<>());
  return n;
}

Json file_json(const runtime::ModelFacts& m) {
  const auto tensors = m.weights.source->all();
  Json types = Json::array();
  for (const auto& [name, sum] : sum_types(tensors))
    types.push_back({{"type", name}, {"tensors", sum.n}, {"bytes", sum.bytes}});
  return {{"format", m.weights.source->format()},
          {"bytes", m.weights.source->total_bytes()},
          {"tensors", tensors.size()},
          {"parameters", count_parameters(tensors)},
          {"types", types},
          {"unused", m.weights.ignored}};
}

Json encoders_json(const runtime::Encoders& e) {
  Json out{{"path", e.path}, {"pictures", nullptr}, {"sound", nullptr}};
  if (const auto& v = e.vision_config)
    out["pictures"] = {{"layers", v->n_layers},      {"width", v->width},      {"heads", v->n_heads},
                       {"feed_forward", v->n_ff},    {"patch", v->patch_size}, {"pooling", v->pool_size},
                       {"positions", v->n_positions}};
  if (const auto& a = e.audio_config)
    out["sound"] = {{"layers", a->n_layers},
                    {"width", a->n_embd},
                    {"heads", a->n_heads},
                    {"feed_forward", a->n_ff},
                    {"inputs", a->n_in}};
  return out;
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
          {"kv_limit_bytes", p.kv_limit_bytes},
          {"scratch_bytes", p.scratch_bytes},
          {"logits_bytes", p.logits_bytes},
          {"workspace_bytes", p.workspace_bytes},
          {"tokenizer_bytes", p.tokenizer_bytes},
          {"encoder_weight_bytes", p.encoder_weight_bytes},
          {"encoder_scratch_bytes", p.encoder_scratch_bytes},
          {"resident_bytes", p.resident_bytes},
          {"resident_limit_bytes", p.resident_limit_bytes},
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
          {"eos", t.eos() ? Json(*t.eos()) : Json()},
          {"stop", stop},
          {"never_sampled", m.defaults.suppress_tokens.size()},
          {"chat", chat_name(m.family)}};
}

Json sampling_json(const runtime::GenerationDefaults& d) {
  return {{"sample", d.sample},
          {"temperature", d.temperature},
          {"top_k", d.top_k},
          {"top_p", d.top_p},
          {"min_p", d.min_p},
          {"typical_p", d.typical_p},
          {"repetition_penalty", d.repetition_penalty},
          {"penalty_window", d.penalty_window}};
}

Json tensors_json(const runtime::ModelFacts& m) {
  Json out = Json::array();
  for (const model::TensorFacts& t : m.weights.source->all())
    out.push_back({{"name", t.name}, {"type", t.type_name}, {"shape", t.shape}, {"bytes", t.n_bytes}});
  return out;
}

std::string megabytes(double bytes) { return fmt::format("{:.1f} MB", bytes / 1e6); }

// Names come from the file, so they are made printable.
void row(std::string_view name, const std::string& value) {
  fmt::print("  {:<28}{}\n", printable(name), printable(value));
}

void print_architecture(const runtime::ModelFacts& m) {
  const model::Config& c = m.config;
  row("architecture", c.architecture + (c.name.empty() ? "" : " (" + c.name + ")"));
  row("layers", fmt::format("{}  {}  (L: local, G: global)", c.n_layers, layer_pattern(c)));
  if (c.n_kv_layers < c.n_layers)
    row("own keys and values", fmt::format("layers 0 to {}, later ones share theirs", c.n_kv_layers - 1));
  row("embedding, heads", fmt::format("{}, {}", c.n_embd, c.n_heads));
  row("head size (local / global)", by_kind(c, [](const auto& l) { return l.head_dim; }));
  row("KV heads (local / global)", by_kind(c, [](const auto& l) { return l.n_kv_heads; }));
  row("feed-forward", c.layers.front().n_ff == c.max_ff() ? std::to_string(c.max_ff())
                                                          : fmt::format("{} to {}", c.layers.front().n_ff, c.max_ff()));
  if (c.n_experts > 0) row("experts", fmt::format("{} of {}, {} used", c.n_experts, c.n_expert_ff, c.n_experts_used));
  if (c.n_ple > 0) row("per-layer embedding", std::to_string(c.n_ple));
  row("window, context", fmt::format("{}, {}", c.window, c.context_length));
  row("rotary base, pairs", fmt::format("{}, {} local; {}, {} global{}", c.local_rope.base,
                                        m.weights.local_freqs.size(), c.global_rope.base, m.weights.global_freqs.size(),
                                        c.global_rope.factor == 1 ? "" : fmt::format(", / {}", c.global_rope.factor)));
  row("logit soft cap", c.logit_softcap > 0 ? fmt::format("{}", c.logit_softcap) : "none");
}

void print_file(const runtime::ModelFacts& m) {
  const auto tensors = m.weights.source->all();
  row("file", fmt::format("{}, {}, {:.0f} M parameters", m.weights.source->format(),
                          megabytes(static_cast<double>(m.weights.source->total_bytes())),
                          static_cast<double>(count_parameters(tensors)) / 1e6));
  for (const auto& [type, sum] : sum_types(tensors))
    row(fmt::format("tensors of {}", type), fmt::format("{}, {}", sum.n, megabytes(static_cast<double>(sum.bytes))));
  for (const std::string& name : m.weights.ignored) row("not used", name);
}

void print_encoders(const runtime::Encoders& e) {
  if (!e.vision_config && !e.audio_config) return row("sees and hears", "neither: " + e.why_blind);
  if (const auto& v = e.vision_config)
    row("sees with", v->n_layers > 0
                         ? fmt::format("{} layers of {}, {} heads; {} patches of {} pixels a token", v->n_layers,
                                       v->width, v->n_heads, v->pool_size * v->pool_size, v->patch_size)
                         : fmt::format("no encoder: patches of {} pixels are tokens", v->patch_size));
  if (const auto& a = e.audio_config)
    row("hears with", a->n_layers > 0
                          ? fmt::format("{} layers of {}, {} heads; 40 ms a token", a->n_layers, a->n_embd, a->n_heads)
                          : fmt::format("no encoder: {} samples, 40 ms, are a token", a->n_in));
  row("encoders are in", e.path);
}

// What is off goes without saying.
std::string sampling_text(const runtime::GenerationDefaults& d) {
  std::string text =
      d.sample ? fmt::format("temperature {}, top-k {}, top-p {}", d.temperature, d.top_k, d.top_p) : "greedy";
  if (d.sample && d.min_p > 0) text += fmt::format(", min-p {}", d.min_p);
  if (d.sample && d.typical_p < 1) text += fmt::format(", typical-p {}", d.typical_p);
  if (d.repetition_penalty != 1) text += fmt::format(", repetition penalty {}", d.repetition_penalty);
  return text;
}

void print_tokenizer(const runtime::ModelFacts& m) {
  const Json t = tokenizer_json(m);
  std::string stop;
  for (const Json& s : t["stop"]) stop += fmt::format(" {} ({})", s["text"].get<std::string>(), s["id"].get<int>());
  row("tokenizer",
      fmt::format("{} tokens, {} special; an answer ends at{}", t["tokens"].get<int>(), t["special"].get<int>(), stop));
  row("chat format", chat_name(m.family));
  row("sampling", sampling_text(m.defaults));
}

void print_plan(const runtime::MemoryPlan& p) {
  const auto mb = [](int64_t bytes) { return megabytes(static_cast<double>(bytes)); };
  fmt::print("memory at a context of {}\n", p.context);
  row("read per token", mb(p.weight_bytes_per_token));
  row("weights, once used", mb(p.resident_weight_bytes));
  if (p.ple_bytes_on_disk > 0) row("stays on disk", mb(p.ple_bytes_on_disk) + " of per-layer embeddings");
  row("keys and values",
      fmt::format("{}: {} bytes a token, {} for windows", mb(p.kv_bytes), p.kv_bytes_per_token, mb(p.kv_window_bytes)));
  row("in a long conversation", fmt::format("{} at most, with the windows of earlier prompts", mb(p.kv_limit_bytes)));
  row("activations", mb(p.scratch_bytes));
  row("logits, at most", mb(p.logits_bytes));
  row("workspaces, at most", mb(p.workspace_bytes));
  row("tokenizer", mb(p.tokenizer_bytes));
  if (p.encoder_weight_bytes > 0)
    row("encoders, when used",
        fmt::format("{}, and {} of activations at most", mb(p.encoder_weight_bytes), mb(p.encoder_scratch_bytes)));
  row("resident, one prompt", mb(p.resident_bytes));
  row("resident, at most", fmt::format("{} ({} available now)", mb(p.resident_limit_bytes), mb(p.available_bytes)));
}

void print_tensors(const runtime::ModelFacts& m) {
  fmt::print("tensors (outputs first)\n");
  for (const model::TensorFacts& t : m.weights.source->all())
    fmt::print("  {:<44}{:<9}{:<22}{}\n", printable(t.name), t.type_name, fmt::format("[{}]", fmt::join(t.shape, ", ")),
               t.n_bytes);
}

int inspect(const InspectFlags& flags) {
  const auto facts = runtime::read_model(find_model(flags.path), flags.model.engine_options());
  if (!flags.json) {
    fmt::print("{}\n", printable(facts.path));
    print_architecture(facts);
    print_file(facts);
    print_encoders(facts.encoders);
    print_tokenizer(facts);
    print_plan(facts.plan);
    if (flags.tensors) print_tensors(facts);
    return 0;
  }
  Json out{{"path", facts.path},
           {"model", architecture_json(facts)},
           {"file", file_json(facts)},
           {"encoders", encoders_json(facts.encoders)},
           {"tokenizer", tokenizer_json(facts)},
           {"sampling", sampling_json(facts.defaults)},
           {"plan", plan_json(facts.plan)}};
  if (flags.tensors) out["tensors"] = tensors_json(facts);
  print_json(out);
  return 0;
}

}  // namespace

void add_inspect(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("inspect", "What a model file holds, and the memory it needs");
  const auto flags = std::make_shared<InspectFlags>();
  command->add_option("MODEL", flags->path, "A .gguf, a checkpoint folder, or a name in the library");
  flags->model.add_memory_to(*command);
  command->add_flag("--tensors", flags->tensors, "List every tensor");
  command->add_flag("--json", flags->json, "One JSON object on stdout");
  command->footer("Example:\n  facet inspect --ctx 8192 --tensors MODEL");
  command->callback([flags, &action] { action = [flags] { return inspect(*flags); }; });
}

}  // namespace facet::apps
