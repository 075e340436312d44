// facet ocr: the text of pictures and of PDF pages.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "apps/answer.h"
#include "apps/commands.h"
#include "apps/media_input.h"
#include "apps/model_options.h"
#include "apps/ocr/page_text.h"
#include "apps/stats.h"
#include "apps/terminal.h"
#include "apps/terminal_text.h"
#include "apps/text_input.h"
#include "base/error.h"
#include "media/file_type.h"
#include "media/pdf.h"
#include "media/source.h"

namespace facet::apps {
namespace {

using Json = text::ChatJson;
using Clock = std::chrono::steady_clock;

constexpr const char* kQuestion = "Write down this page.";

struct OcrFlags {
  ModelOptions model;
  MediaFlags media;
  std::vector<std::string> files;
  std::string format = "text", pages, language, output, question = kQuestion;
  int max_tokens = -1, pixels = media::PdfOptions().long_side;
  bool whole = false, stats = false;
};

[[noreturn]] void refuse_output(const std::string& path, const std::string& why) {
  throw_error<RequestError>("{}: cannot be written: {}", path, why);
}

// Before any work, as a page takes long; nothing is changed yet.
void check_page_output(const std::string& path, const std::vector<std::string>& inputs) {
  namespace fs = std::filesystem;
  if (path.empty()) return;
  check_spares_inputs(path, inputs);
  std::error_code error;
  if (fs::is_directory(path, error)) refuse_output(path, "a folder, expected a file");
  const fs::path folder = fs::path(path).parent_path();
  const fs::path target = fs::exists(path, error) ? fs::path(path) : folder.empty() ? fs::path(".") : folder;
  if (::access(target.c_str(), W_OK) != 0) refuse_output(path, std::strerror(errno));
}

// Standard output, or a file that is written page by page. What the file held before stays until there is a page.
class PageOutput {
 public:
  PageOutput(const std::string& path, OcrFormat format) : path_(path), format_(format) {}

  void put(const std::string& file, int page, const std::string& text, runtime::FinishReason finish) {
    if (!path_.empty() && !file_) open();
    if (format_ == OcrFormat::Json)
      return write_words(text::chat_json_text({{"file", file},
                                               {"page", page},
                                               {"text", text},
                                               {"finish", std::string(runtime::finish_reason_name(finish))}}) +
                         "\n");
    if (format_ == OcrFormat::Csv && text.empty()) return;
    if (n_pages_++ > 0) write(page_separator(format_));
    write_words(text.empty() ? text : text + "\n");
  }
  void finish() {
    if (file_ && std::fclose(file_.release()) != 0) fail();
  }
  bool has_failed() const noexcept { return has_failed_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  void open() {
    file_.reset(std::fopen(path_.c_str(), "wb"));
    if (!file_) fail();
  }
  // Of the model. Only a terminal is protected; a file or a pipe gets the very bytes.
  void write_words(const std::string& text) {
    write(!file_ && stdout_is_terminal() ? TerminalText(false).push(text) : text);
  }
  void write(std::string_view text) {
    std::FILE* const out = file_ ? file_.get() : stdout;
    if (std::fwrite(text.data(), 1, text.size(), out) != text.size() || std::fflush(out) != 0) fail();
  }
  [[noreturn]] void fail() {
    has_failed_ = true;
    throw_error<ResourceError>("{}: {}", path_.empty() ? "standard output" : path_, std::strerror(errno));
  }

  std::string path_;
  OcrFormat format_;
  std::unique_ptr<std::FILE, Close> file_;
  bool has_failed_ = false;
  int n_pages_ = 0;
};

class Reading {
 public:
  Reading(const OcrFlags& flags, std::shared_ptr<const runtime::Engine> engine)
      : flags_(flags),
        format_(ocr_format(flags.format)),
        engine_(std::move(engine)),
        reader_(engine_, 0, flags.media),
        session_(engine_),
        output_(flags.output, format_) {}

  int all();

 private:
  void read(const std::string& path);
  void read_picture(const media::Source& source);
  void read_pdf(const std::string& path);
  template <class Show>
  void read_page(const std::string& path, int page, Show&& show);
  MediaFile how_to_look(const std::string& name) const;
  Prompt prompt(const ShownMedia& shown) const;
  int room() const;
  runtime::GenerateResult answer(const Prompt& prompt, std::string& text);
  void add_stats(const runtime::GenerateStats& stats);
  void fail(const Error& error);

  const OcrFlags& flags_;
  OcrFormat format_;
  std::shared_ptr<const runtime::Engine> engine_;
  MediaReader reader_;
  runtime::Session session_;
  PageOutput output_;
  bool has_failed_ = false;
  int n_pages_ = 0, n_tokens_ = 0, n_prompt_ = 0, n_reused_ = 0;
  double page_seconds_ = 0, prompt_seconds_ = 0, decode_seconds_ = 0;
};

int Reading::all() {
  for (const std::string& path : flags_.files) try {
      read(path);
    } catch (const CancelledError&) {
      throw;
    } catch (const Error& e) {
      if (output_.has_failed()) throw;  // other files would be read for nothing
      fail(e);
    }
  output_.finish();
  if (flags_.stats) {
    fmt::print(stderr, "{}; drawing PDF pages {:.0f} ms\n", media_stats_line(reader_), page_seconds_ * 1e3);
    fmt::print(stderr,
               "pages: {} read; prompts {} tokens, {} of them reused, {:.0f} ms; answers {} tokens, {:.0f} ms\n",
               n_pages_, n_prompt_, n_reused_, prompt_seconds_ * 1e3, n_tokens_, decode_seconds_ * 1e3);
  }
  return has_failed_ ? 1 : 0;
}

void Reading::read(const std::string& path) {
  const auto source = media::Source::open(path);
  if (media::describe_file(source.bytes()).name != "a PDF document") return read_picture(source);
  std::error_code ignored;
  if (source.name() != path || !std::filesystem::is_regular_file(path, ignored))
    throw_error<RequestError>(
        "{}: a PDF document in a pipe or a data: URI; another program draws its pages: put it into a file",
        source.name());
  read_pdf(path);
}

// From what was opened: a pipe is there once.
void Reading::read_picture(const media::Source& source) {
  read_page(source.name(), 1, [&](ShownMedia& shown) { reader_.read(source, how_to_look(source.name()), shown); });
}

// What is wrong with a page does not keep the others.
void Reading::read_pdf(const std::string& path) {
  const media::PdfDocument document(path, {.long_side = flags_.pixels});
  const auto show = [&](int page, ShownMedia& shown) {
    const auto start = Clock::now();
    const media::Image image = document.page(page);
    page_seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
    reader_.read(image, how_to_look(fmt::format("{}, page {}", path, page)), shown);
  };
  for (const int page : parse_pages(flags_.pages, document.n_pages(), path)) try {
      read_page(path, page, [&](ShownMedia& shown) { show(page, shown); });
    } catch (const FormatError& e) {
      fail(e);
    } catch (const RequestError& e) {
      fail(e);
    }
}

// show: puts the page into what the model is shown.
template <class Show>
void Reading::read_page(const std::string& path, int page, Show&& show) {
  ProgressLine reading(fmt::format("reading {}, page {}", path, page));
  reading.show(0, 1);
  reader_.set_room(room());
  ShownMedia shown;
  show(shown);
  std::string text;
  const auto result = answer(prompt(shown), text);
  reading.clear();
  if (result.finish == runtime::FinishReason::Length)
    fmt::print(stderr, "facet: {}: page {} was not read to its end: {} tokens were generated\n", printable(path), page,
               result.stats.n_generated);
  output_.put(path, page, clean_page(text, format_), result.finish);
  ++n_pages_;
}

// Without a budget of the user's own a page has as many tokens as there is detail for, in pieces where one picture
// would lose some.
MediaFile Reading::how_to_look(const std::string& name) const {
  const bool is_given = !flags_.media.budgets.empty();
  MediaFile file;
  file.path = name;
  file.budget = is_given ? flags_.media.budgets.back() : flags_.media.default_budget;
  file.tile = flags_.media.tile || (!is_given && !flags_.whole);
  return file;
}

Prompt Reading::prompt(const ShownMedia& shown) const {
  Json messages = Json::array();
  messages.push_back({{"role", "system"}, {"content", ocr_instructions(format_, flags_.language)}});
  Json content = shown.parts;
  if (!flags_.question.empty()) content.push_back({{"type", "text"}, {"text", flags_.question}});
  messages.push_back({{"role", "user"}, {"content", std::move(content)}});
  return chat_prompt(*engine_, messages, false, shown.media);
}

// For pictures; the answer, and what names the tiles, need some of the context too.
int Reading::room() const {
  constexpr int kAnswer = 4096, kLabels = 300;
  const int n_text = static_cast<int>(prompt({}).tokens.size()), n = engine_->context();
  const int n_answer = flags_.max_tokens > 0 ? flags_.max_tokens : std::min(kAnswer, n / 2);
  return std::max(0, n - n_text - n_answer - std::min(kLabels, n / 8));
}

runtime::GenerateResult Reading::answer(const Prompt& prompt, std::string& text) {
  // The instructions end with a state to go on from, however long the answers that are generated behind them.
  const auto n_same = static_cast<size_t>(prompt.media.front().position);
  if (session_.position() == 0) session_.sync(std::span(prompt.tokens).first(n_same));
  auto options = runtime::default_options(*engine_);
  options.sampling.temperature = 0;
  options.max_tokens = flags_.max_tokens;
  AnswerPrinter printer(*engine_, prompt, {}, false);
  auto result =
      runtime::generate(session_, prompt, options, [&](const runtime::GenerateEvent& e) { return printer.push(e); });
  result.finish = printer.finish(result);
  text = printer.content();
  add_stats(result.stats);
  return result;
}

void Reading::add_stats(const runtime::GenerateStats& stats) {
  n_prompt_ += stats.n_prompt;
  n_reused_ += stats.prompt.n_reused;
  n_tokens_ += stats.n_generated;
  prompt_seconds_ += stats.prompt_seconds;
  decode_seconds_ += stats.decode_seconds;
}

void Reading::fail(const Error& error) {
  has_failed_ = true;
  fmt::print(stderr, "facet: error: {}\n", error.what());
}

int ocr(const OcrFlags& flags) {
  check_page_output(flags.output, flags.files);
  const auto engine = flags.model.load();
  runtime::check_sees(*engine, flags.files.front());
  return Reading(flags, engine).all();
}

}  // namespace

void add_ocr(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("ocr", "Write down the text of pictures and PDF pages");
  const auto flags = std::make_shared<OcrFlags>();
  flags->media.default_budget = "auto";
  command->add_option("FILE", flags->files, "Pictures and PDF documents")->required();
  command->add_option("--pages", flags->pages, "Of PDF documents only these pages, as in 1-3,5 [all]")
      ->type_name("LIST");
  command
      ->add_option("--format", flags->format,
                   "text (pages separated by form feeds), md, csv (the tables alone), json (a line a page)")
      ->check(CLI::IsMember({"text", "md", "csv", "json"}))
      ->capture_default_str();
  command->add_option("--language", flags->language, "The language of the pages, in words")->type_name("NAME");
  command->add_option("-o,--output", flags->output, "Write to a file")->type_name("FILE");
  command->add_option("--prompt", flags->question, fmt::format("What is asked after each page [\"{}\"]", kQuestion))
      ->type_name("TEXT");
  command->add_option("-n,--max-tokens", flags->max_tokens, "Tokens a page at most [to the end of the context]")
      ->check(CLI::Range(1, 1 << 20))
      ->type_name("N");
  command->add_option("--pixels", flags->pixels, "Longer side of the pictures that PDF pages become")
      ->check(CLI::Range(48, 10000))
      ->capture_default_str()
      ->type_name("N");
  command->add_flag("--whole", flags->whole, "Never show a page in pieces");
  command->add_flag("--stats", flags->stats, "Timings on stderr");
  flags->media.add_looking_to(*command);
  flags->model.add_to(*command);
  command->footer(
      "Examples:\n  facet ocr receipt.jpg\n  facet ocr --pages 1-3 --format md report.pdf -o report.md\n  facet ocr "
      "--format csv --budget max table.png\nPDF pages are drawn by pdftoppm (package poppler-utils) or mutool (package "
      "mupdf-tools).");
  command->callback([flags, &action] { action = [flags] { return ocr(*flags); }; });
}

}  // namespace facet::apps
