// facet dump: named activations of a prompt, to compare with another implementation.
#include <fmt/format.h>
#include <fnmatch.h>

#include "apps/answer.h"
#include "apps/commands.h"
#include "apps/model_options.h"
#include "base/error.h"
#include "ops/dump_ops.h"
#include "safetensors/writer.h"

namespace facet::apps {
namespace {

struct DumpFlags {
  ModelOptions model;
  std::string prompt, out, names = "*";
  bool raw = false;
};

int dump(const DumpFlags& flags) {
  ops::Dump tensors;
  runtime::EngineOptions options = flags.model.engine_options();
  const auto wants = [&](const std::string& name) { return fnmatch(flags.names.c_str(), name.c_str(), 0) == 0; };
  options.wrap_ops = [&](std::unique_ptr<ops::Ops> op) {
    return std::make_unique<ops::DumpOps>(std::move(op), tensors, wants);
  };
  const auto engine = runtime::Engine::load(find_model(flags.model.model), options);
  const auto messages = text::ChatJson::array({{{"role", "user"}, {"content", flags.prompt}}});
  const bool raw = flags.raw || engine->chat_family() == runtime::ChatFamily::None;
  const Prompt prompt = raw ? raw_prompt(*engine, flags.prompt) : chat_prompt(*engine, messages, false);

  // Logits of every position are asked for, so that no layer is left out for any row.
  ops::DumpedTensor logits;
  runtime::Session session(engine);
  session.sync_with_logits(prompt.tokens, 0, [&](int, std::span<const float> row) {
    if (!wants("logits")) return;
    ++logits.n_rows;
    logits.n_cols = static_cast<int>(row.size());
    logits.values.insert(logits.values.end(), row.begin(), row.end());
  });
  if (wants("logits")) tensors["logits"] = std::move(logits);
  if (tensors.empty())
    throw_error<RequestError>("--names {}: no tensor has such a name; there are logits, embed, layer.0.out and others",
                              flags.names);

  std::vector<safetensors::TensorToWrite> selected;
  selected.push_back(
      {"input_ids", safetensors::Dtype::I32, {prompt.tokens.size()}, std::as_bytes(std::span(prompt.tokens))});
  for (const auto& [name, t] : tensors)
    selected.push_back({name,
                        safetensors::Dtype::F32,
                        {static_cast<uint64_t>(t.n_rows), static_cast<uint64_t>(t.n_cols)},
                        std::as_bytes(std::span(t.values))});
  safetensors::write(flags.out, selected, {{"model", engine->path()}, {"backend", flags.model.backend}});
  fmt::print(stderr, "{}: {} tensors of {} tokens\n", printable(flags.out), selected.size(), prompt.tokens.size());
  return 0;
}

}  // namespace

void add_dump(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("dump", "Write named activations of a prompt to a safetensors file");
  const auto flags = std::make_shared<DumpFlags>();
  command->add_option("PROMPT", flags->prompt, "The prompt")->required();
  command->add_option("-o,--out", flags->out, "The file to write")->required()->type_name("FILE");
  flags->model.kv = flags->model.activations = "f32";  // to compare with implementations that round nothing
  flags->model.add_to(*command);
  command->add_option("--names", flags->names, "Only tensors whose name matches, for example 'layer.3.*' [all]")
      ->type_name("PATTERN");
  command->add_flag("--raw", flags->raw, "Without the chat format");
  command->footer(
      "Example:\n  facet dump --raw \"The capital of France\" -o activations.safetensors --names 'layer.*.out'");
  command->callback([flags, &action] { action = [flags] { return dump(*flags); }; });
}

}  // namespace facet::apps
