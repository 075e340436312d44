// facet transcribe: what is said in recordings, or right now, as text, subtitles or JSON.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "apps/commands.h"
#include "apps/model_options.h"
#include "apps/terminal.h"
#include "apps/transcript/live.h"
#include "apps/transcript/live_view.h"
#include "apps/transcript/output.h"
#include "apps/transcript/writer.h"
#include "base/error.h"
#include "media/microphone.h"
#include "media/sound.h"
#include "media/source.h"

namespace facet::apps {
namespace {

using Json = nlohmann::ordered_json;

struct TranscribeFlags {
  ModelOptions model;
  std::vector<std::string> files;
  std::optional<std::string> format;
  std::string output, microphone;
  bool pcm = false, live = false, stats = false;
  runtime::TranscribeOptions options;

  bool is_translated() const { return !options.translate_to.empty(); }
  TranscriptFormat output_format() const {
    if (format) return transcript_format(*format);
    const bool is_watched = output.empty() && stdout_is_terminal();
    return live && !is_watched ? TranscriptFormat::Lines : TranscriptFormat::Text;
  }
};

std::string shown_name(const std::string& file) { return file == "-" ? "standard input" : file; }

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ > STDIN_FILENO) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

// A reader with what it reads from: a thread that was left waiting for sound has all of it, as long as it waits.
class Recording final : public media::SoundReader {
 public:
  Recording(std::shared_ptr<const media::Source> source, std::unique_ptr<media::SoundReader> reader)
      : source_(std::move(source)), reader_(std::move(reader)) {}
  Recording(std::unique_ptr<Descriptor> descriptor, std::unique_ptr<media::SoundReader> reader)
      : descriptor_(std::move(descriptor)), reader_(std::move(reader)) {}

  size_t read(std::span<float> out) override { return reader_->read(out); }
  std::optional<double> seconds() const override { return reader_->seconds(); }
  // Null for pipes and the microphone.
  const std::shared_ptr<const media::Source>& source() const noexcept { return source_; }

 private:
  std::shared_ptr<const media::Source> source_;
  std::unique_ptr<Descriptor> descriptor_;
  std::unique_ptr<media::SoundReader> reader_;
};

// Pipes and devices that have a name: they may be live, or longer than memory.
bool is_stream(const std::string& file) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
         !std::filesystem::is_directory(status);
}

std::unique_ptr<Descriptor> open_descriptor(const std::string& file) {
  if (file == "-") return std::make_unique<Descriptor>(STDIN_FILENO);
  auto descriptor = std::make_unique<Descriptor>(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor->get() < 0) throw_error<RequestError>("{}: {}", file, std::strerror(errno));
  return descriptor;
}

std::unique_ptr<Recording> open_recording(const std::string& file, bool pcm) {
  if (pcm || file == "-" || is_stream(file)) {
    auto descriptor = open_descriptor(file);
    auto stream = media::read_descriptor(descriptor->get());
    auto reader = pcm ? media::open_pcm(std::move(stream)) : media::open_sound(std::move(stream), shown_name(file));
    return std::make_unique<Recording>(std::move(descriptor), std::move(reader));
  }
  auto source = std::make_shared<const media::Source>(media::Source::open(file));
  auto reader = media::open_sound(*source);
  return std::make_unique<Recording>(std::move(source), std::move(reader));
}

class Transcription {
 public:
  Transcription(const TranscribeFlags& flags, std::shared_ptr<const runtime::Engine> engine)
      : flags_(flags), engine_(std::move(engine)), output_(flags.output, flags.output_format(), flags.files) {}

  void file(const std::string& file) {
    const auto start = Clock::now();
    const std::string name = shown_name(file);
    runtime::TranscribeOptions options = flags_.options;
    options.cancel = &InterruptGuard::flag();
    runtime::Transcriber transcriber(engine_, name, options);
    const auto recording = open_recording(file, flags_.pcm);
    TranscriptWriter writer = begin(file);
    ProgressLine progress(name);
    const auto on_segment = [&](const runtime::TranscribedSegment& s) {
      progress.clear();
      writer.put(s);
    };
    std::vector<float> block(media::kSampleRate);
    while (const size_t n = recording->read(block)) {
      transcriber.push(std::span(block).first(n), on_segment);
      const double total = recording->seconds().value_or(0);
      progress.show(static_cast<int64_t>(std::min(transcriber.position(), total) * 1e3),
                    static_cast<int64_t>(total * 1e3));
    }
    transcriber.finish(on_segment);
    progress.clear();
    if (recording->source()) recording->source()->check_unchanged();
    end(writer, transcriber, name, start);
  }

  void live() {
    const auto start = Clock::now();
    const std::string file = flags_.files.empty() ? "microphone" : flags_.files.front(), name = shown_name(file);
    runtime::Transcriber transcriber(engine_, name, flags_.options);
    std::unique_ptr<media::SoundReader> reader;
    std::shared_ptr<const media::Source> source;
    if (flags_.files.empty()) {
      reader = media::open_microphone(flags_.microphone);
    } else {
      auto recording = open_recording(file, flags_.pcm);
      source = recording->source();
      reader = std::move(recording);
    }
    TranscriptWriter writer = begin(file);
    const bool is_watched =
        flags_.output.empty() && stdout_is_terminal() && flags_.output_format() == TranscriptFormat::Text;
    LiveView view;
    LiveEvents events;
    events.on_segment = [&](const runtime::TranscribedSegment& s) {
      view.clear();
      writer.put(s);
    };
    events.on_open = [&](const runtime::TranscribedSegment& s) {
      if (is_watched) view.show(shown_text(s, flags_.is_translated()));
      writer.put_open(s);
    };
    if (flags_.files.empty() && stderr_is_terminal()) fmt::print(stderr, "listening; Ctrl-C ends\n");
    transcribe_live(transcriber, std::move(reader), events, InterruptGuard::flag());
    view.clear();
    if (source) source->check_unchanged();
    end(writer, transcriber, name, start);
  }

  // In place of the transcript of a file that has none.
  void failed(const std::string& file, const std::string& message) {
    std::fflush(stdout);
    fmt::print(stderr, "facet: error: {}\n", printable(message));
    const TranscriptFormat format = flags_.output_format();
    if (format != TranscriptFormat::Json && format != TranscriptFormat::Lines) return;
    output_.open(file);
    Json line = {{"file", shown_name(file)}, {"error", message}};
    if (format == TranscriptFormat::Lines) line = {{"type", "error"}, {"file", shown_name(file)}, {"error", message}};
    output_.write(text::chat_json_text(line) + "\n");
  }

  void close() { output_.close(); }

 private:
  using Clock = std::chrono::steady_clock;

  TranscriptWriter begin(const std::string& file) {
    output_.open(file);
    const TranscriptFormat format = flags_.output_format();
    if (flags_.files.size() > 1 && format == TranscriptFormat::Text && !output_.is_folder())
      output_.write(fmt::format("{}== {} ==\n", std::exchange(is_first_, false) ? "" : "\n", printable(file)));
    TranscriptWriter writer(format, flags_.is_translated(), [this](std::string_view text) { output_.write(text); });
    if (flags_.files.size() > 1) writer.name_lines(shown_name(file));
    return writer;
  }

  void end(TranscriptWriter& writer, const runtime::Transcriber& transcriber, const std::string& name,
           Clock::time_point start) {
    Json head = {{"file", name}, {"language", nullptr}};
    if (!flags_.options.language.empty()) head["language"] = flags_.options.language;
    if (flags_.is_translated()) head["translated_to"] = flags_.options.translate_to;
    writer.finish(std::move(head), transcriber.position());
    if (writer.is_empty()) fmt::print(stderr, "facet: {}: nobody was heard to speak\n", printable(name));
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (flags_.stats) fmt::print(stderr, "{}\n", transcription_stats(name, transcriber, seconds));
  }

  const TranscribeFlags& flags_;
  std::shared_ptr<const runtime::Engine> engine_;
  TranscriptOutput output_;
  bool is_first_ = true;
};

// One file's error ends the program; one of several is told, and the next goes on.
int transcribe_files(Transcription& transcription, const std::vector<std::string>& files) {
  if (files.size() == 1) {
    transcription.file(files.front());
    return 0;
  }
  int status = 0;
  for (const std::string& file : files) {
    try {
      transcription.file(file);
    } catch (const CancelledError&) {
      throw;
    } catch (const Error& e) {
      transcription.failed(file, e.what());
      status = 1;
    }
  }
  return status;
}

void check(const TranscribeFlags& flags) {
  if (flags.files.empty() && !flags.live)
    throw RequestError("nothing to transcribe: name files, - for standard input, or --live for the microphone");
  if (flags.live && flags.files.size() > 1)
    throw RequestError("--live listens to one sound: the microphone, or one file or - for standard input");
  if (std::count(flags.files.begin(), flags.files.end(), "-") > 1)
    throw RequestError("standard input (-) can be read once");
  if (!flags.options.instruction.empty() && (!flags.options.language.empty() || flags.is_translated()))
    throw RequestError("--instruction stands in place of --language and --translate-to: say it there");
}

int run(const TranscribeFlags& flags) {
  check(flags);
  const auto engine = flags.model.load();
  runtime::check_hears(*engine, flags.files.empty() ? "microphone" : shown_name(flags.files.front()));
  Transcription transcription(flags, engine);
  const InterruptGuard interrupt;
  int status = 0;
  if (flags.live)
    transcription.live();
  else
    status = transcribe_files(transcription, flags.files);
  transcription.close();
  return status;
}

constexpr const char* kExamples = R"(Examples:
  facet transcribe talk.mp3
  facet transcribe interview.mp4 --language German --format srt -o interview.srt
  facet transcribe monday.ogg tuesday.ogg --translate-to English --format vtt -o subtitles/
  ffmpeg -v error -i talk.mkv -f s16le -ac 1 -ar 16000 - | facet transcribe --pcm -
  facet transcribe --live)";

}  // namespace

void add_transcribe(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("transcribe", "Write down what is said in sound and video files, or right now");
  const auto flags = std::make_shared<TranscribeFlags>();
  command->add_option("FILE", flags->files, "Sound or video files of any length; - is standard input");
  flags->model.add_to(*command);
  command->add_option("--format", flags->format, "text (a line a segment), srt, vtt, json, or lines (JSON as it comes)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "srt", "vtt", "json", "lines"}));
  command->add_option("--language", flags->options.language, "Language that is spoken, in English: German")
      ->type_name("NAME");
  command->add_option("--translate-to", flags->options.translate_to, "Translate into this language: French")
      ->type_name("NAME");
  command->add_flag("--live", flags->live, "Listen to the microphone, or to FILE, and show what is said as it is said");
  command->add_option("--microphone", flags->microphone, "Device of --live; a part of its name will do")
      ->type_name("NAME");
  command->add_flag("--pcm", flags->pcm, "FILE holds bare samples: 16 bits little-endian, mono, 16 kHz");
  command->add_option("-o,--output", flags->output, "Where to write; in a folder a file for each FILE")
      ->type_name("PATH");
  command->add_flag("--context", flags->options.show_context, "Show the model the words before each segment");
  command->add_option("--instruction", flags->options.instruction, "What to ask of each segment instead")
      ->type_name("TEXT");
  command->add_flag("--sound-first", flags->options.sound_first,
                    "The sound before the instruction, for models that want it there");
  command->add_flag("--stats", flags->stats, "Timings on stderr");
  command->footer(kExamples);
  command->callback([flags, &action] { action = [flags] { return run(*flags); }; });
}

}  // namespace facet::apps
