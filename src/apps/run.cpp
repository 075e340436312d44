// facet run: one answer.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "apps/answer.h"
#include "apps/commands.h"
#include "apps/confidence.h"
#include "apps/json_output.h"
#include "apps/kept_pages.h"
#include "apps/media_input.h"
#include "apps/model_options.h"
#include "apps/output_flags.h"
#include "apps/stats.h"
#include "apps/terminal.h"
#include "apps/tools_input.h"
#include "base/error.h"

namespace facet::apps {
namespace {

using Json = nlohmann::ordered_json;

struct RunFlags {
  ModelOptions model;
  SamplingOptions sampling;
  MediaFlags media;
  OutputFlags output;
  ThinkFlag think;
  std::string prompt, system, tools_file;
  text::ChatJson tools;  // of that file
  bool raw = false, json = false, stats = false, confidence = false, keep = false;
};

// `--image *.png` gives the flag the first of the files alone.
void check_prompt(const RunFlags& flags) {
  std::error_code error;
  if (!flags.media.named.empty() && std::filesystem::is_regular_file(flags.prompt, error))
    throw_error<RequestError>("the prompt \"{}\" is the name of a file: to show it, give it a flag of its own",
                              flags.prompt);
}

// The argument, then what stdin brings: `facet run "Summarise:" < file`.
std::string read_prompt(const RunFlags& flags) {
  std::string prompt = flags.prompt;
  if (!stdin_is_terminal()) {
    const std::string piped = read_stdin();
    if (!prompt.empty() && !piped.empty()) prompt += "\n\n";
    prompt += piped;
  }
  if (prompt.empty() && flags.media.named.empty())
    throw RequestError("there is no prompt: give one as an argument or on standard input");
  return prompt;
}

Json logprobs_json(const runtime::Engine& engine, const std::vector<runtime::Logprobs>& all) {
  Json out = Json::array();
  const auto entry = [&](const runtime::TokenLogprob& t) {
    return Json{
        {"id", t.token}, {"text", engine.tokenizer().decode(std::span(&t.token, 1), false)}, {"logprob", t.logprob}};
  };
  for (const runtime::Logprobs& one : all) {
    Json token = entry(one.chosen);
    token["top"] = Json::array();
    for (const auto& t : one.top) token["top"].push_back(entry(t));
    out.push_back(std::move(token));
  }
  return out;
}

// The chat format, unless it is not wanted or not known.
Prompt make_prompt(const RunFlags& flags, const runtime::Engine& engine, const std::string& text,
                   ShownMedia media = {}) {
  if (flags.raw && !media.media.empty())
    throw RequestError("--raw continues a text: pictures, sounds and videos need the chat format");
  if (flags.raw && !flags.tools_file.empty()) throw RequestError("--raw continues a text: tools need the chat format");
  if (flags.raw) return raw_prompt(engine, text);
  if (media.media.empty() && engine.chat_family() == runtime::ChatFamily::None && flags.system.empty() &&
      !flags.think.on() && flags.tools_file.empty()) {
    fmt::print(stderr, "facet: this is a base model without a chat format: it continues the text\n");
    return raw_prompt(engine, text);
  }
  text::ChatJson messages = text::ChatJson::array();
  if (!flags.system.empty()) messages.push_back({{"role", "system"}, {"content", flags.system}});
  text::ChatJson content = text;
  if (!media.parts.empty()) {
    content = std::move(media.parts);
    if (!text.empty()) content.push_back({{"type", "text"}, {"text", text}});
  }
  messages.push_back({{"role", "user"}, {"content", std::move(content)}});
  return chat_prompt(engine, messages, flags.think.on(), media.media, flags.tools);
}

// What the text and the answer leave of the context; of an answer without a limit a little is kept.
int room_beside(const std::string& text, const RunFlags& flags, const runtime::Engine& engine) {
  if (flags.media.named.empty()) return 0;
  if (flags.raw) throw RequestError("--raw continues a text: pictures, sounds and videos need the chat format");
  if (engine.chat_family() == runtime::ChatFamily::None) return room_for_media(engine, 0, flags.sampling.max_tokens);
  const auto n_text = static_cast<int>(make_prompt(flags, engine, text).tokens.size());
  return room_for_media(engine, n_text, flags.sampling.max_tokens);
}

ShownMedia read_media(const MediaFlags& flags, MediaReader& reader) {
  ShownMedia shown;
  reader.encoder().set_cancel(&InterruptGuard::flag());
  reader.read(flags.files(), shown);
  return shown;
}

// Without thoughts.
std::string answer_of(const Json& out) { return out.value(out.contains("content") ? "content" : "text", ""); }

void print_result(const runtime::Engine& engine, const AnswerPrinter& printer, const runtime::GenerateResult& result,
                  const std::vector<ChoiceShare>& choices) {
  Json out = printer.json();
  out["finish"] = std::string(runtime::finish_reason_name(result.finish));
  out["tokens"] = result.tokens;
  if (!result.logprobs.empty()) out["logprobs"] = logprobs_json(engine, result.logprobs);
  if (!result.probabilities.empty())
    out["confidence"] = {{"score", confidence_score(engine, result, choices, answer_of(out))},
                         {"tokens", token_probabilities(engine, result)}};
  for (const ChoiceShare& choice : choices)
    out["confidence"]["choices"].push_back({{"text", choice.text}, {"p", choice.p}});
  out["stats"] = stats_json(engine, result.stats);
  print_json(out);
}

void print_confidence(const runtime::Engine& engine, const AnswerPrinter& printer,
                      const runtime::GenerateResult& result, const std::vector<ChoiceShare>& choices) {
  const double score = confidence_score(engine, result, choices, answer_of(printer.json()));
  fmt::print(stderr, "confidence: {:.3f}\n", score);
  for (const ChoiceShare& choice : choices) fmt::print(stderr, "{:.4f} {}\n", choice.p, printable(choice.text));
}

// None where they are not asked for, or cannot be said: the answer is there all the same.
std::vector<ChoiceShare> shares_of_choices(const RunFlags& flags, const std::shared_ptr<const runtime::Engine>& engine,
                                           const Prompt& prompt, const runtime::GenerateResult& result) {
  if (!flags.confidence || flags.output.choices.empty() || result.finish != runtime::FinishReason::Stop) return {};
  try {
    return choice_shares(engine, flags.output.all_choices(), prompt, result);
  } catch (const RequestError& e) {
    fmt::print(stderr, "facet: how likely each choice is cannot be said: {}\n", e.what());
    return {};
  }
}

int run(RunFlags flags) {
  check_prompt(flags);
  if (!flags.tools_file.empty()) flags.tools = read_tools(flags.tools_file);
  flags.output.check(flags.tools);
  if (flags.keep) flags.model.cache_bytes = kCacheBytes;
  const auto engine = flags.model.load();
  auto grammar = flags.output.answer_grammar(flags.tools, *engine);
  const std::string text = read_prompt(flags);
  const InterruptGuard interrupt;
  MediaReader reader(engine, room_beside(text, flags, *engine), flags.media);
  Prompt prompt = make_prompt(flags, *engine, text, read_media(flags.media, reader));
  if (flags.output.tool_choice == "none") prompt.declared.clear();  // what looks like a call is text
  runtime::Session session(engine, 0, flags.keep ? open_kept_pages(engine) : nullptr);
  auto options = flags.sampling.generate_options(*engine);
  options.cancel = &InterruptGuard::flag();
  options.confidence = flags.confidence;
  options.rules = output_rules(prompt, flags.think, std::move(grammar));
  ProgressLine reading("reading the prompt");
  options.progress = [&](int64_t done, int64_t total) { reading.show(done, total); };

  AnswerPrinter printer(*engine, prompt, std::exchange(options.stop, {}), !flags.json);
  auto result = runtime::generate(session, prompt, options, [&](const runtime::GenerateEvent& e) {
    reading.clear();
    return printer.push(e);
  });
  reading.clear();
  result.finish = printer.finish(result);
  const auto choices = shares_of_choices(flags, engine, prompt, result);
  if (flags.json)
    print_result(*engine, printer, result, choices);
  else if (flags.confidence)
    print_confidence(*engine, printer, result, choices);
  if (flags.stats && !flags.media.named.empty()) fmt::print(stderr, "{}\n", media_stats_line(reader));
  if (flags.stats) fmt::print(stderr, "{}\n", stats_line(*engine, result.stats));
  return result.finish == runtime::FinishReason::Cancelled ? 1 : 0;
}

}  // namespace

void add_run(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("run", "Answer one prompt");
  const auto flags = std::make_shared<RunFlags>();
  command->add_option("PROMPT", flags->prompt, "The prompt; standard input is added to it");
  flags->media.add_to(*command);
  flags->model.add_to(*command);
  command->add_option("--system", flags->system, "System instructions")->type_name("TEXT");
  command
      ->add_option("--tools", flags->tools_file,
                   "Functions that the model may call (JSON, as OpenAI's API has them); calls are printed as JSON")
      ->type_name("FILE");
  flags->think.add_to(*command);
  command->add_flag("--keep", flags->keep,
                    "Keep what was computed on disk, so that prompts that begin alike are read faster");
  command->add_flag("--raw", flags->raw, "Continue the text as it is, without the chat format");
  command->add_flag(
      "--confidence", flags->confidence,
      "How sure the model is: underlines what is less likely than not; with --json in numbers; and how likely "
      "each --choice is");
  command->add_flag("--json", flags->json, "One JSON object on stdout instead of streaming text");
  command->add_flag("--stats", flags->stats, "Timings on stderr");
  flags->output.add_to(*command);
  flags->sampling.add_to(*command);
  command->footer(
      "Examples:\n  facet run \"Why is the sky blue?\"\n  facet run --raw \"Once upon a time\" -n 100 --temperature "
      "0\n  cat report.txt | facet run \"Summarise this:\"\n  facet run --image photo.jpg \"What is in this "
      "picture?\"\n  facet "
      "run --budget high --image page.png --audio note.mp3 \"Does the note agree with the page?\"");
  command->callback([flags, &action] { action = [flags] { return run(*flags); }; });
}

}  // namespace facet::apps
