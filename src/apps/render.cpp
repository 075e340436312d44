// facet render: chat messages to the prompt that a model reads, as text and as token ids.
#include <fmt/format.h>

#include <optional>

#include "apps/answer.h"
#include "apps/commands.h"
#include "apps/json_output.h"
#include "apps/model_options.h"
#include "apps/shipped_models.h"
#include "apps/terminal.h"
#include "base/error.h"
#include "base/file.h"
#include "runtime/chat_format.h"
#include "runtime/model_facts.h"
#include "text/chat.h"

namespace facet::apps {
namespace {

using text::ChatJson;
using text::ChatTemplate;
using text::PromptItem;

struct RenderFlags {
  std::string file, model, format;
  bool think = false, no_opening = false, preserve_thinking = false, ids = false, json = false;

  bool has_model() const { return !model.empty() || ids; }
};

struct ChatFile {
  ChatJson messages, tools;
};

std::string read_input(const std::string& file) { return file.empty() || file == "-" ? read_stdin() : read_file(file); }

// {"messages": [...], "tools": [...]}, of which other members are ignored, or the messages alone.
ChatFile read_chat(const std::string& file) {
  const std::string input = read_input(file);
  try {
    ChatJson json = text::parse_chat_json(input);
    if (json.is_array()) return {std::move(json), nullptr};
    if (!json.is_object() || !json.contains("messages"))
      throw RequestError("expected a list of messages, or an object with \"messages\"");
    return {json["messages"], json.value("tools", ChatJson())};
  } catch (const RequestError& e) {
    if (file.empty() || file == "-") throw_error<RequestError>("standard input: {}", e.what());
    throw_error<RequestError>("{}: {}", file, e.what());
  }
}

// The one that is named, else the model's, if there is one.
ChatTemplate choose_template(const std::string& name, const std::optional<runtime::ModelFacts>& model) {
  if (name == "gemma3") return ChatTemplate::Gemma3;
  if (name == "small") return ChatTemplate::Gemma4Small;
  if (!name.empty() || !model) return ChatTemplate::Gemma4Large;
  if (const auto format = runtime::chat_format(model->family)) return *format;
  throw_error<RequestError>("{}: a base model without a chat format; --template chooses one", model->path);
}

std::vector<text::TokenId> token_ids(const text::Prompt& prompt, const text::Tokenizer& tokenizer) {
  for (const PromptItem& item : prompt)
    if (item.kind != PromptItem::Kind::Control && item.kind != PromptItem::Kind::Text)
      throw RequestError(
          "the messages hold media, whose number of tokens depends on their files: render the text alone");
  return text::to_tokens(prompt, tokenizer);
}

int render(const RenderFlags& flags) {
  const ChatFile chat = read_chat(flags.file);
  std::optional<runtime::ModelFacts> model;
  if (flags.has_model()) {
    runtime::EngineOptions options;
    options.in_memory = built_in_files();
    model = runtime::read_model(find_model(flags.model), options);
  }
  const text::Prompt prompt = text::render_chat(
      chat.messages, chat.tools,
      {choose_template(flags.format, model), flags.think, !flags.no_opening, flags.preserve_thinking});
  std::vector<text::TokenId> ids;
  if (model && (flags.ids || flags.json)) ids = token_ids(prompt, *model->tokenizer);

  if (flags.json) {
    ChatJson out = {{"text", text::to_text(prompt)}, {"starts_in_thought", text::ends_in_thought(prompt)}};
    if (model) out["ids"] = ids;
    print_json(out);
  } else if (flags.ids) {
    for (const text::TokenId id : ids)
      fmt::print("{:>8}  {}\n", id, text::chat_json_text(std::string(model->tokenizer->piece(id))));
  } else {
    fmt::print("{}\n", text::to_text(prompt));
  }
  return 0;
}

}  // namespace

void add_render(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("render", "Chat messages to the prompt that a model reads");
  const auto flags = std::make_shared<RenderFlags>();
  command->add_option("FILE", flags->file,
                      "JSON: {\"messages\": [...], \"tools\": [...]}, or the messages alone [standard input]");
  command
      ->add_option("-m,--model", flags->model,
                   "Whose chat format and tokenizer: a .gguf, a checkpoint folder, or a name in the library")
      ->type_name("MODEL");
  command
      ->add_option("--template", flags->format,
                   "The chat format: large (Gemma 4 12B and above), small (E2B, E4B), gemma3 [the model's, else large]")
      ->check(CLI::IsMember({"large", "small", "gemma3"}));
  command->add_flag("--think", flags->think, "With thinking switched on");
  command->add_flag("--preserve-thinking", flags->preserve_thinking,
                    "Keep the thoughts of earlier messages with tool calls");
  command->add_flag("--no-opening", flags->no_opening, "Without the opening of the model's answer");
  command->add_flag("--ids", flags->ids, "The token ids instead, one a line with its piece");
  command->add_flag("--json", flags->json, "One JSON object on stdout; with a model it holds the token ids");
  command->footer(
      "Examples:\n  echo '[{\"role\": \"user\", \"content\": \"Hello!\"}]' | facet render\n"
      "  echo '[{\"role\": \"user\", \"content\": \"Hello!\"}]' | facet render --template small --think --json");
  command->callback([flags, &action] { action = [flags] { return render(*flags); }; });
}

}  // namespace facet::apps
