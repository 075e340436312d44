// facet classify: which of a few labels fits a picture, and how likely each is.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <limits>
#include <random>

#include "apps/answer.h"
#include "apps/classify/labels.h"
#include "apps/classify/picture_files.h"
#include "apps/commands.h"
#include "apps/json_output.h"
#include "apps/media_input.h"
#include "apps/model_options.h"
#include "base/error.h"
#include "base/file.h"
#include "base/handoff.h"
#include "media/frame_times.h"
#include "media/kind.h"
#include "media/source.h"
#include "media/video.h"
#include "runtime/classifier.h"

namespace facet::apps {
namespace {

// What is the same for all pictures comes first, so that it is computed once. A question follows the picture, as models
// were trained to be asked.
constexpr const char* kSystem =
    "You are shown pictures, and say what each of them is. Answer with one of these labels and nothing else: {labels}";
constexpr const char* kQuestion = "Which label fits best?";

struct ClassifyFlags {
  ModelOptions model;
  MediaFlags media;
  std::vector<std::string> files;
  std::string labels, labels_file, system = kSystem, question = kQuestion;
  int top = 0;
  double threshold = 0;
  bool recursive = false, calibrate = false, quick = false, json = false, stats = false;

  std::vector<std::string> all_labels() const;
};

std::vector<std::string> ClassifyFlags::all_labels() const {
  auto all = split_labels(labels, ',');
  if (!labels_file.empty())
    for (std::string& label : split_labels(read_file(labels_file), '\n')) all.push_back(std::move(label));
  if (all.size() < 2)
    throw_error<RequestError>("{} label{} to choose from: name two or more with --labels a,b,c or --labels-file",
                              all.size(), all.size() == 1 ? "" : "s");
  return all;
}

// Of no content: even grey, and noise.
std::vector<media::Image> empty_pictures() {
  constexpr int kSide = 384;
  std::vector<media::Image> pictures(2, {kSide, kSide, std::vector<uint8_t>(size_t{3} * kSide * kSide, 128)});
  std::minstd_rand random(1);
  for (uint8_t& v : pictures[1].rgb) v = static_cast<uint8_t>(random() >> 16 & 0xff);
  return pictures;
}

class Classification {
 public:
  Classification(const ClassifyFlags& flags, std::shared_ptr<const runtime::Engine> engine)
      : flags_(flags),
        engine_(std::move(engine)),
        classifier_(engine_, flags.all_labels(), {.only_what_differs = flags.quick}),
        reader_(engine_, 0, flags.media, false) {  // pictures come once
    file_.budget = flags.media.budgets.empty() ? flags.media.default_budget : flags.media.budgets.back();
    file_.tile = flags.media.tile;
  }

  int all();

 private:
  using Json = text::ChatJson;

  void take(const std::string& path);
  void take_named(const std::string& path);
  void take_lines();
  void take_video(const media::Source& source);
  std::vector<double> look_at_picture(const media::Source& source);
  std::vector<double> look_at_image(const media::Image& image, const std::string& name);
  template <class Show>
  std::vector<double> look_at(Show&& show);
  MediaFile named(const std::string& name) const;
  Prompt prompt(const ShownMedia& shown) const;
  void make_room();
  void calibrate();
  std::vector<LabelShare> shares(const std::vector<double>& probabilities, const std::vector<double>& scores) const;
  void print(const std::string& name, const std::string& place, Json row, std::vector<LabelShare> all);
  void fail(const std::string& path, const std::string& message);
  std::string stats_line();

  const ClassifyFlags& flags_;
  std::shared_ptr<const runtime::Engine> engine_;
  runtime::Classifier classifier_;
  MediaReader reader_;
  MediaFile file_;  // how to look at one
  int name_width_ = 0;
  bool has_failed_ = false;
};

int Classification::all() {
  for (const std::string& path : flags_.files)
    name_width_ = std::max(name_width_, static_cast<int>(printable(path).size()));
  if (flags_.calibrate) calibrate();
  for (const std::string& path : flags_.files)
    if (path == "-")
      take_lines();
    else
      take_named(path);
  if (flags_.stats) fmt::print(stderr, "{}\n", stats_line());
  return has_failed_ ? 1 : 0;
}

// Whoever writes the lines is answered one by one.
void Classification::take_lines() {
  constexpr size_t kLongest = 64 << 10;  // no system has longer names
  std::string path;
  for (int c = std::cin.get();; c = std::cin.get()) {
    const bool is_end = c == std::char_traits<char>::eof();
    if (!is_end && c != '\n') {
      path += static_cast<char>(c);
      if (path.size() > kLongest)
        throw_error<RequestError>("standard input: a line of more than {} bytes, expected names of files, a line each",
                                  kLongest);
      continue;
    }
    if (path.ends_with('\r')) path.pop_back();
    if (!path.empty()) take_named(std::exchange(path, ""));
    if (is_end) return;
  }
}

// A file, or those of a folder. What is wrong with one does not keep the others.
void Classification::take_named(const std::string& path) {
  std::vector<std::string> files{path};
  try {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) files = pictures_in(path, flags_.recursive);
  } catch (const RequestError& e) {
    return fail(path, e.what());
  }
  for (const std::string& file : files) try {
      take(file);
    } catch (const CancelledError&) {
      throw;
    } catch (const Error& e) {
      fail(file, e.what());
    }
}

void Classification::take(const std::string& path) {
  const auto source = media::Source::open(path);
  switch (media::kind_of(source)) {
    case media::MediaKind::kVideo:
      return take_video(source);
    case media::MediaKind::kSound:
      throw_error<FormatError>("{}: a sound; pictures and videos are classified", source.name());
    case media::MediaKind::kImage:
      break;
  }
  const std::vector<double> scores = look_at_picture(source);
  print(source.name(), "", {}, shares(classifier_.probabilities(scores), scores));
}

// A row for each frame, and one for their mean. A frame is decoded while the one before is looked at.
void Classification::take_video(const media::Source& source) {
  std::vector<double> sum(classifier_.labels().size());
  int n = 0;
  Handoff<media::VideoFrame> frames([&](const auto& hand_over) {
    media::visit_video(source, flags_.media.frames, {},
                       [&](media::VideoFrame&& frame) { hand_over(std::move(frame)); });
  });
  while (auto frame = frames.take()) {
    const std::vector<double> scores = look_at_image(frame->image, source.name());
    const std::vector<double> p = classifier_.probabilities(scores);
    for (size_t i = 0; i < p.size(); ++i) sum[i] += p[i];
    ++n;
    print(source.name(), media::timestamp(frame->seconds), {{"seconds", frame->seconds}}, shares(p, scores));
  }
  source.check_unchanged();
  for (double& p : sum) p /= n;
  print(source.name(), "mean", {{"frames", n}}, shares(sum, {}));
}

// From what was opened: a pipe is there once.
std::vector<double> Classification::look_at_picture(const media::Source& source) {
  return look_at([&](ShownMedia& shown) { reader_.read(source, named(source.name()), shown); });
}

std::vector<double> Classification::look_at_image(const media::Image& image, const std::string& name) {
  return look_at([&](ShownMedia& shown) { reader_.read(image, named(name), shown); });
}

MediaFile Classification::named(const std::string& name) const {
  MediaFile file = file_;
  file.path = name;
  return file;
}

// show: adds the picture to what is shown.
template <class Show>
std::vector<double> Classification::look_at(Show&& show) {
  ShownMedia shown;
  make_room();
  show(shown);
  return classifier_.score(prompt(shown));
}

Prompt Classification::prompt(const ShownMedia& shown) const {
  Json messages = Json::array();
  if (!flags_.system.empty())
    messages.push_back({{"role", "system"}, {"content", with_labels(flags_.system, classifier_.labels())}});
  Json content = shown.parts;
  if (!flags_.question.empty())
    content.push_back({{"type", "text"}, {"text", with_labels(flags_.question, classifier_.labels())}});
  messages.push_back({{"role", "user"}, {"content", std::move(content)}});
  return chat_prompt(*engine_, messages, false, shown.media);
}

// Each picture has what the context leaves beside the rest of the prompt and a label.
void Classification::make_room() {
  constexpr int kMarkers = 8;
  const int n_text = static_cast<int>(prompt({}).tokens.size());
  reader_.set_room(std::max(0, engine_->context() - n_text - classifier_.n_label_tokens() - kMarkers));
}

void Classification::calibrate() {
  for (const media::Image& picture : empty_pictures()) classifier_.add_baseline(look_at_image(picture, "calibration"));
}

std::vector<LabelShare> Classification::shares(const std::vector<double>& probabilities,
                                               const std::vector<double>& scores) const {
  std::vector<LabelShare> all;
  for (size_t i = 0; i < probabilities.size(); ++i)
    all.push_back({classifier_.labels()[i], probabilities[i],
                   scores.empty() ? std::numeric_limits<double>::quiet_NaN() : scores[i]});
  return all;
}

void Classification::print(const std::string& name, const std::string& place, Json row, std::vector<LabelShare> all) {
  constexpr int kInTable = 3;
  const bool is_table = !flags_.json;
  const int top = flags_.top > 0 || !is_table ? flags_.top : kInTable;
  const auto best = best_labels(std::move(all), top, flags_.threshold);
  if (is_table) {
    fmt::print("{:<{}}  {}{}{}\n", printable(name), name_width_, place, place.empty() ? "" : "  ", labels_line(best));
  } else {
    Json out{{"file", name}};
    if (!row.empty()) out.update(row);
    add_labels(out, best);
    print_json(out);
  }
  std::fflush(stdout);
}

// With --json the answer to a file says so too: whoever feeds files one by one waits for a line.
void Classification::fail(const std::string& path, const std::string& message) {
  has_failed_ = true;
  fmt::print(stderr, "facet: error: {}\n", printable(message));
  if (flags_.json) print_json({{"file", path}, {"error", message}});
  std::fflush(stdout);
}

std::string Classification::stats_line() {
  const runtime::ClassifierStats& s = classifier_.stats();
  const double n = std::max(s.n_prompts, 1);
  return fmt::format(
      "{}\nlabels: {} pictures; decoder {:.1f} ms each; {:.1f} tokens computed each, "
      "{:.1f} reused, {:.1f} of labels",
      media_stats_line(reader_), s.n_prompts, s.seconds * 1e3 / n, static_cast<double>(s.n_computed) / n,
      static_cast<double>(s.n_reused) / n, static_cast<double>(s.n_label_tokens) / n);
}

int classify(const ClassifyFlags& flags) {
  flags.all_labels();  // before anything is loaded
  const auto engine = flags.model.load();
  runtime::check_sees(*engine, flags.files.front());
  return Classification(flags, engine).all();
}

void add_looking_flags(CLI::App& command, ClassifyFlags& flags) {
  command.add_option("--labels", flags.labels, "The labels to choose from, separated by commas")->type_name("A,B,...");
  command.add_option("--labels-file", flags.labels_file, "More of them: a file with a label a line")->type_name("FILE");
  command.add_option("--prompt", flags.question, fmt::format("What is asked after each picture [\"{}\"]", kQuestion))
      ->type_name("TEXT");
  command
      .add_option("--system", flags.system,
                  "What the model is told before the pictures, computed once; {labels} stands for the labels [to "
                  "answer with one of them]")
      ->type_name("TEXT");
  command.add_flag("--recursive", flags.recursive, "Of a folder the pictures in the folders inside it too");
  command.add_flag("--quick", flags.quick, "Score labels by the tokens that tell them apart, mostly the first alone");
  command.add_flag("--calibrate", flags.calibrate, "Divide by the probabilities for pictures of nothing");
}

}  // namespace

void add_classify(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("classify", "Say which of a few labels fits a picture, and how likely each is");
  const auto flags = std::make_shared<ClassifyFlags>();
  flags->media.default_budget = "low";
  command
      ->add_option("FILE", flags->files,
                   "Pictures, folders of pictures, videos; - reads names of files from standard input, a line each")
      ->required();
  add_looking_flags(*command, *flags);
  command->add_option("--top", flags->top, "Labels to print, the likeliest first [3; all of --json]")
      ->check(CLI::Range(1, 1 << 20))
      ->type_name("N");
  command->add_option("--threshold", flags->threshold, "Leave out labels that are less likely than P")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("P");
  command->add_flag("--json", flags->json, "One JSON object a line and picture on stdout");
  command->add_flag("--stats", flags->stats, "Timings on stderr");
  flags->media.add_looking_to(*command);
  flags->model.add_to(*command);
  command->footer(
      "Examples:\n  facet classify --labels cat,dog,bird photo.jpg\n  facet classify --labels \"empty,a person,a car\" "
      "--json --frames 20 clip.mp4\n  ls *.jpg | facet classify --labels-file labels.txt --top 1 -");
  command->callback([flags, &action] { action = [flags] { return classify(*flags); }; });
}

}  // namespace facet::apps
