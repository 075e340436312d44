// facet summarize: what is in texts and documents, in few words.
#include <fmt/format.h>

#include "apps/asked_model.h"
#include "apps/commands.h"
#include "apps/json_output.h"
#include "apps/model_options.h"
#include "apps/summarize/summarizer.h"
#include "apps/terminal.h"
#include "apps/text_input.h"
#include "base/error.h"
#include "text/languages.h"

namespace facet::apps {
namespace {

struct SummarizeFlags {
  ModelOptions model;
  std::vector<std::string> files;
  int n_words = 0;
  std::string length = "medium", language, instruction, output;
  bool json = false, stats = false;
};

int n_words_of(const SummarizeFlags& flags) {
  if (flags.n_words > 0) return flags.n_words;
  return flags.length == "short" ? 50 : flags.length == "long" ? 400 : 150;
}

// Text and Markdown as they are, of other formats the words.
std::string words_to_read(const std::string& path) {
  TextInput input = read_text_input(path);
  const auto document = documents::split(input.format, input.bytes, input.name);
  const bool is_plain = input.format == documents::Format::Text || input.format == documents::Format::Markdown;
  return is_plain ? std::move(input.bytes) : documents::reader_text(*document, input.format);
}

// The files of one command, one after another.
class Batch {
 public:
  Batch(const SummarizeFlags& flags, EngineModel& model)
      : flags_(flags),
        summarizer_(model, {n_words_of(flags), flags.language.empty() ? "" : text::language_name(flags.language),
                            flags.instruction, prints()}) {}

  // A file that fails is reported, and the next one goes on; one alone fails the command.
  bool run(const std::vector<std::string>& files) {
    bool all_done = true;
    for (const std::string& file : files) {
      try {
        summarize(file, files.size() > 1);
      } catch (const CancelledError&) {
        throw;
      } catch (const Error& error) {
        if (files.size() == 1) throw;
        fail(file, error.what());
        all_done = false;
      }
    }
    return all_done;
  }

  int n_done() const noexcept { return n_done_; }
  const std::string& text() const noexcept { return text_; }
  const text::ChatJson& json() const noexcept { return json_; }

 private:
  bool prints() const { return !flags_.json && flags_.output.empty(); }

  void summarize(const std::string& file, bool has_name) {
    const std::string words = words_to_read(file), shown = file == "-" ? "standard input" : file;
    ProgressLine progress("reading " + shown);
    const std::string head = has_name ? fmt::format("{}{}:\n", n_done_ > 0 ? "\n" : "", printable(shown)) : "";
    const Summary summary = summarizer_.summarize(words, [&](int done, int total) {
      if (done < total) return progress.show(done, total);
      progress.clear();
      if (prints()) fmt::print("{}", head);
    });
    if (!prints()) text_ += head + summary.text + "\n";
    json_.push_back(json_of(file, summary));
    ++n_done_;
    if (flags_.stats)
      fmt::print(stderr, "{}: {} tokens in {} part{}, {} round{} of notes\n", printable(shown), summary.n_tokens,
                 summary.n_parts, summary.n_parts == 1 ? "" : "s", summary.n_rounds, summary.n_rounds == 1 ? "" : "s");
  }

  static text::ChatJson json_of(const std::string& file, const Summary& summary) {
    return {{"file", file},
            {"summary", summary.text},
            {"finish", summary.is_whole ? "stop" : "length"},
            {"text_tokens", summary.n_tokens},
            {"parts", summary.n_parts},
            {"rounds", summary.n_rounds}};
  }

  void fail(const std::string& file, const std::string& why) {
    std::fflush(stdout);
    fmt::print(stderr, "facet: error: {}\n", printable(why));
    json_.push_back({{"file", file}, {"error", why}});
  }

  const SummarizeFlags& flags_;
  Summarizer summarizer_;
  std::string text_;
  text::ChatJson json_ = text::ChatJson::array();
  int n_done_ = 0;
};

text::ChatJson totals_json(const AskTotals& totals) {
  return {{"asked", totals.n_asked},
          {"prompt_tokens", totals.n_prompt},
          {"reused_tokens", totals.n_reused},
          {"computed_tokens", totals.n_computed},
          {"generated_tokens", totals.n_generated},
          {"prompt_ms", totals.prompt_seconds * 1e3},
          {"decode_ms", totals.decode_seconds * 1e3}};
}

int summarize(const SummarizeFlags& flags) {
  std::vector<std::string> files = flags.files;
  if (files.empty()) {
    if (stdin_is_terminal()) throw RequestError("there is nothing to summarise: give files, or standard input");
    files.emplace_back("-");
  }
  check_spares_inputs(flags.output, files);
  const InterruptGuard interrupt;
  EngineModel model(flags.model.load(), &InterruptGuard::flag());
  Batch batch(flags, model);
  const bool all_done = batch.run(files);
  if (flags.json) print_json({{"summaries", batch.json()}, {"stats", totals_json(model.totals())}});
  if (!flags.output.empty() && batch.n_done() > 0) write_output(flags.output, batch.text());
  if (flags.stats) fmt::print(stderr, "{}\n", model.totals_line());
  return all_done ? 0 : 1;
}

}  // namespace

void add_summarize(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("summarize", "Summarise texts and documents of any length");
  const auto flags = std::make_shared<SummarizeFlags>();
  command->add_option("FILE", flags->files,
                      "Files: .txt, .md, .html, .srt, .vtt, .docx, others as text; without any, standard input");
  auto* words = command->add_option("--words", flags->n_words, "About how many words")
                    ->check(CLI::Range(1, 10000))
                    ->type_name("N");
  command
      ->add_option("--length", flags->length,
                   fmt::format("short: 50 words, medium: 150, or long: 400 [{}]", flags->length))
      ->check(CLI::IsMember({"short", "medium", "long"}))
      ->type_name("NAME")
      ->excludes(words);
  command->add_option("--language", flags->language, "Of the summary: German, or de [the text's own]")
      ->type_name("LANG");
  command->add_option("--instruction", flags->instruction, "What else the summary is to do, in words")
      ->type_name("TEXT");
  command->add_option("-o,--output", flags->output, "Where the summaries go [standard output]")->type_name("FILE");
  command->add_flag("--json", flags->json, "One JSON object on stdout");
  command->add_flag("--stats", flags->stats, "Parts, tokens and timings on stderr");
  flags->model.add_to(*command);
  command->footer(
      "Examples:\n  facet summarize README.md\n  facet summarize --length short --language de README.md LICENSE\n"
      "  cat README.md | facet summarize --words 30 --instruction \"Write one sentence.\"");
  command->callback([flags, &action] { action = [flags] { return summarize(*flags); }; });
}

}  // namespace facet::apps
