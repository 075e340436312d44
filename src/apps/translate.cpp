// facet translate: a text or a document in another language, its mark-up as it was.
#include <fmt/format.h>

#include <chrono>
#include <span>

#include "apps/asked_model.h"
#include "apps/commands.h"
#include "apps/model_options.h"
#include "apps/terminal.h"
#include "apps/text_input.h"
#include "apps/transcript/writer.h"
#include "apps/translate/translator.h"
#include "base/error.h"
#include "media/sound.h"
#include "media/source.h"
#include "runtime/transcriber.h"
#include "text/languages.h"

namespace facet::apps {
namespace {

struct TranslateFlags {
  ModelOptions model;
  std::string input, to, from, format, output;
  bool stats = false;
};

TextInput take_input(const TranslateFlags& flags) {
  std::optional<documents::Format> format;
  if (!flags.format.empty()) format = parse_text_format(flags.format);
  const bool is_words = !flags.input.empty() && flags.input != "-" && !means_file(flags.input);
  if (is_words) return {"the text", format.value_or(documents::Format::Text), flags.input};
  return read_text_input(flags.input, format);
}

void check_flags(const TranslateFlags& flags) {
  if (flags.input.empty() && stdin_is_terminal())
    throw RequestError("there is nothing to translate: give a file, a text, or standard input");
  check_spares_inputs(flags.output, std::span(&flags.input, 1));
}

// Nobody wants an archive on the screen.
void check_output(const TranslateFlags& flags, const TextInput& input) {
  if (input.format == documents::Format::Docx && flags.output.empty() && stdout_is_terminal())
    throw_error<RequestError>("{}: a translated DOCX is no text for a terminal: say where it goes with -o FILE",
                              input.name);
}

std::string counts_line(const TranslatorCounts& counts, const EngineModel& model) {
  return fmt::format("{} segments in {} batches, {} asked again alone, {} piece by piece, {} kept; {}",
                     counts.n_segments, counts.n_batches, counts.n_alone, counts.n_pieces, counts.n_kept,
                     model.totals_line());
}

// Speech: what is said, in the other language, a line a segment. Its sound is heard piece by piece, whatever its
// length.
int translate_speech(const TranslateFlags& flags, const TranslatorOptions& languages) {
  const auto start = std::chrono::steady_clock::now();
  const media::Source source = media::Source::open(flags.input);
  const auto reader = media::open_sound(source);
  const InterruptGuard interrupt;
  runtime::TranscribeOptions options;
  options.language = languages.from;
  options.translate_to = languages.to;
  options.cancel = &InterruptGuard::flag();
  runtime::Transcriber transcriber(flags.model.load(), flags.input, options);
  std::string lines;
  TranscriptWriter writer(TranscriptFormat::Text, true, [&](std::string_view line) { lines += line; });
  const auto take = [&](const runtime::TranscribedSegment& segment) { writer.put(segment); };
  ProgressLine progress("translating " + flags.input);
  std::vector<float> block(media::kSampleRate);
  while (const size_t n = reader->read(block)) {
    transcriber.push(std::span(block).first(n), take);
    progress.show(static_cast<int64_t>(transcriber.position() * 1e3),
                  static_cast<int64_t>(reader->seconds().value_or(0) * 1e3));
  }
  transcriber.finish(take);
  progress.clear();
  source.check_unchanged();
  write_output(flags.output, lines);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (flags.stats) fmt::print(stderr, "{}\n", transcription_stats(flags.input, transcriber, seconds.count()));
  if (writer.is_empty()) fmt::print(stderr, "facet: {}: nobody was heard to speak\n", printable(flags.input));
  return 0;
}

int translate(const TranslateFlags& flags) {
  check_flags(flags);
  const TranslatorOptions options{text::language_name(flags.to),
                                  flags.from.empty() ? "" : text::language_name(flags.from)};
  const bool is_speech = flags.format.empty() && means_file(flags.input) && is_sound_file(flags.input);
  if (is_speech) return translate_speech(flags, options);
  const TextInput input = take_input(flags);
  check_output(flags, input);
  const auto document = documents::split(input.format, input.bytes, input.name);
  const InterruptGuard interrupt;
  EngineModel model(flags.model.load(), &InterruptGuard::flag());
  Translator translator(model, options);
  ProgressLine progress("translating " + input.name);
  const auto translated = translator.translate(document->segments(), [&](size_t done, size_t total) {
    progress.show(static_cast<int64_t>(done), static_cast<int64_t>(total));
  });
  progress.clear();
  std::string bytes = document->join(translated);
  if (flags.output.empty() && input.format != documents::Format::Docx && !bytes.ends_with('\n')) bytes += '\n';
  write_output(flags.output, bytes);
  const TranslatorCounts& counts = translator.counts();
  if (flags.stats) fmt::print(stderr, "{}\n", counts_line(counts, model));
  if (counts.n_kept == 0) return 0;
  fmt::print(stderr, "facet: {} of {} segments stay as they were, whole or in part: the model gave no usable answer\n",
             counts.n_kept, counts.n_segments);
  return 1;
}

}  // namespace

void add_translate(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("translate", "Translate a text or a document, whose mark-up stays as it is");
  const auto flags = std::make_shared<TranslateFlags>();
  command->add_option("FILE|TEXT", flags->input,
                      "A .txt, .md, .html, .srt, .vtt or .docx file, sound or video with speech, or words; without it, "
                      "standard input");
  command->add_option("--to", flags->to, "The language to translate into: German, or de")
      ->required()
      ->type_name("LANG");
  command->add_option("--from", flags->from, "The language of the text [the model sees it]")->type_name("LANG");
  command
      ->add_option("--format", flags->format, "What standard input, the words or the file are [by the file's ending]")
      ->check(CLI::IsMember({"text", "markdown", "html", "srt", "vtt"}))
      ->type_name("NAME");
  command->add_option("-o,--output", flags->output, "Where the translation goes [standard output]")->type_name("FILE");
  command->add_flag("--stats", flags->stats, "Counts and timings on stderr");
  flags->model.add_to(*command);
  command->footer(
      "Examples:\n  facet translate \"Good morning\" --to French\n  facet translate README.md --to de -o README.de.md\n"
      "  echo \"<p>Good <b>morning</b></p>\" | facet translate --to es --format html");
  command->callback([flags, &action] { action = [flags] { return translate(*flags); }; });
}

}  // namespace facet::apps
