#include "apps/media_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "apps/model_options.h"
#include "apps/terminal.h"
#include "base/error.h"
#include "base/handoff.h"
#include "media/frame_times.h"
#include "media/image_budget.h"
#include "media/kind.h"
#include "media/log_mel.h"
#include "media/sound.h"
#include "media/tiles.h"
#include "media/video.h"
#include "runtime/encoders.h"

namespace facet::apps {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = MediaFile::Kind;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::shared_ptr<runtime::EmbeddingCache> make_cache(bool keeps) {
  runtime::EmbeddingCacheOptions options;
  if (keeps) options.folder = facet_home() + "/cache/media";
  return std::make_shared<runtime::EmbeddingCache>(options);
}

template <class... Args>
void note(fmt::format_string<Args...> format, Args&&... args) {
  fmt::print(stderr, "facet: {}\n", printable(fmt::format(format, std::forward<Args>(args)...)));
}

Kind kind_of(const media::Source& source, Kind asked) {
  if (asked != Kind::Any) return asked;
  switch (media::kind_of(source)) {
    case media::MediaKind::kImage:
      return Kind::Image;
    case media::MediaKind::kSound:
      return Kind::Audio;
    case media::MediaKind::kVideo:
      return Kind::Video;
  }
  return Kind::Image;
}

void explain(const std::string& name, const media::Image& image, const media::BudgetChoice& choice) {
  note("{}: {}x{} pixels, looked at as {}x{}: {} of at most {} tokens; {}", name, image.width, image.height,
       choice.size.width, choice.size.height, choice.n_soft, choice.budget, choice.why);
}

// A piece of a sound as long as the model takes, cut where it is quietest near the end.
size_t clip_end(std::span<const float> samples, size_t longest) {
  if (samples.size() <= longest) return samples.size();
  constexpr size_t kLookBack = 5 * media::kSampleRate, kStep = media::kSampleRate / 50;
  size_t best = longest;
  double quietest = -1;
  for (size_t at = longest - kLookBack; at + kStep <= longest; at += kStep) {
    double energy = 0;
    for (size_t i = at; i < at + kStep; ++i) energy += double{samples[i]} * samples[i];
    if (quietest < 0 || energy < quietest) {
      quietest = energy;
      best = at + kStep / 2;
    }
  }
  return best;
}

}  // namespace

std::string_view kind_name(Kind kind) noexcept {
  return kind == Kind::Image ? "image" : kind == Kind::Audio ? "audio" : kind == Kind::Video ? "video" : "media";
}

void MediaFlags::add_to(CLI::App& command) {
  const auto add = [&](const char* flag, Kind kind, const char* help) {
    command
        .add_option_function<std::vector<std::string>>(
            flag,
            [this, kind](const std::vector<std::string>& paths) {
              for (const std::string& path : paths) named.push_back({.kind = kind, .path = path});
            },
            help)
        ->trigger_on_parse()
        ->allow_extra_args(false)
        ->type_name("FILE")
        ->group("Media");
  };
  add("--image", Kind::Image, "Show a picture (PNG, JPEG, WebP, GIF, BMP); repeatable, media keep their order");
  add("--audio", Kind::Audio, "Play a sound (WAV, FLAC, MP3, OGG, M4A, ...); repeatable");
  add("--video", Kind::Video, "Show a video, and play its sound where the model hears; repeatable");
  command.add_flag("--no-sound", no_sound, "Show videos without their sound")->group("Media");
  add_looking_to(command);
}

void MediaFlags::add_looking_to(CLI::App& command) {
  const auto is_budget = [](const std::string& value) -> std::string {
    try {
      media::parse_image_budget(value);
      return "";
    } catch (const RequestError& e) {
      return e.what();
    }
  };
  command
      .add_option(
          "--budget", budgets,
          fmt::format("Soft tokens a picture may take: low, medium, high, max, auto, or a number; once, or once "
                      "for each picture [{}]",
                      default_budget))
      ->check(is_budget)
      ->allow_extra_args(false)
      ->type_name("B")
      ->group("Media");
  command.add_flag("--tile", tile, "Show a picture in pieces where it would lose detail")->group("Media");
  command.add_flag("--explain", explain, "Say on stderr how each picture is looked at, and why")->group("Media");
  command.add_option("--frames", frames, fmt::format("Frames of a video that are looked at [{}]", frames))
      ->check(CLI::Range(1, 1024))
      ->type_name("N")
      ->group("Media");
}

std::vector<MediaFile> MediaFlags::files() const {
  const auto n_images = static_cast<size_t>(
      std::count_if(named.begin(), named.end(), [](const MediaFile& f) { return f.kind == Kind::Image; }));
  if (budgets.size() > 1 && budgets.size() != n_images)
    throw_error<RequestError>("{} times --budget for {} pictures: give it once, or once for each", budgets.size(),
                              n_images);
  std::vector<MediaFile> out = named;
  size_t i = 0;
  for (MediaFile& file : out) {
    file.tile = tile;
    file.budget = budgets.empty() ? default_budget : budgets.front();
    if (file.kind == Kind::Image && budgets.size() > 1) file.budget = budgets[i++];
  }
  return out;
}

int room_for_media(const runtime::Engine& engine, int n_text, int n_answer) {
  constexpr int kAnswer = 128, kMarkers = 8;  // around the last of the media
  const int answer = std::min(n_answer < 0 ? kAnswer : n_answer, engine.context() / 4);
  return std::max(0, engine.context() - n_text - kMarkers - answer);
}

MediaReader::MediaReader(std::shared_ptr<const runtime::Engine> engine, int max_soft, const MediaFlags& flags,
                         bool keeps)
    : engine_(std::move(engine)),
      encoder_(engine_, make_cache(keeps)),
      room_(max_soft),
      explain_(flags.explain),
      sound_(!flags.no_sound),
      frames_(flags.frames) {}

struct MediaReader::Opened {
  MediaFile file;  // its kind known, its path as messages name it
  media::Source source;
  media::Image image;
  double seconds = 0;  // that decoding took
};

// Runs beside encodings: touches nothing that changes.
MediaReader::Opened MediaReader::open(const MediaFile& file) const {
  if (file.path == "-" || file.path == "/dev/stdin")
    throw_error<RequestError>("{}: standard input is for the prompt; a file, a named pipe or a data: URI can be shown",
                              file.path);
  Opened out{file, media::Source::open(file.path), {}, 0};
  out.file.path = out.source.name();
  out.file.kind = kind_of(out.source, file.kind);
  if (out.file.kind != Kind::Image) return out;
  runtime::check_sees(*engine_, out.source.name());
  const auto start = Clock::now();
  out.image = media::decode_image(out.source.bytes(), out.source.name());
  out.source.check_unchanged();
  out.seconds = seconds_since(start);
  return out;
}

void MediaReader::take(Opened opened, ShownMedia& shown) {
  decode_seconds_ += opened.seconds;
  if (opened.file.kind == Kind::Audio) return read_sound(opened.source, shown);
  if (opened.file.kind == Kind::Video) return read_video(opened.source, shown);
  read(opened.image, opened.file, shown);
}

void MediaReader::read(const MediaFile& file, ShownMedia& shown) { take(open(file), shown); }

void MediaReader::read(const std::vector<MediaFile>& files, ShownMedia& shown) {
  Handoff<Opened> opened([&](const auto& hand_over) {
    for (const MediaFile& file : files) hand_over(open(file));
  });
  while (auto next = opened.take()) take(std::move(*next), shown);
}

void MediaReader::read(const media::Source& source, const MediaFile& file, ShownMedia& shown) {
  const auto start = Clock::now();
  const media::Image image = media::decode_image(source.bytes(), source.name());
  source.check_unchanged();
  decode_seconds_ += seconds_since(start);
  read(image, file, shown);
}

void MediaReader::read(const media::Image& image, const MediaFile& file, ShownMedia& shown) {
  runtime::check_sees(*engine_, file.path);
  if (file.tile) return read_tiles(image, file, shown);
  if (const int least = media::n_soft_tokens(media::target_size({image.width, image.height}, media::kImageBudgets[0]));
      least > room_)
    throw_error<RequestError>(
        "{}: it takes {} tokens at least, and the context of {} has room for {}: use a larger --ctx", file.path, least,
        engine_->context(), room_);
  const auto wanted = media::parse_image_budget(file.budget, encoder_.default_image_budget());
  const media::BudgetChoice choice = media::choose_budget(image, wanted, room_);
  if (explain_ || (wanted && choice.budget < *wanted)) explain(file.path, image, choice);
  add(encoder_.image(image, choice.budget, file.path), shown);
}

// A tile is given no more than a picture would be, and its label some tokens.
void MediaReader::read_tiles(const media::Image& image, const MediaFile& file, ShownMedia& shown) {
  constexpr int kMaxTiles = 12, kLabel = 48;
  const media::TilePlan plan =
      media::plan_tiles(image, {.max_tiles = kMaxTiles, .max_soft = std::max(0, room_ - kMaxTiles * kLabel)});
  if (explain_) note("{}: {}", file.path, plan.why);
  add(encoder_.image(image, plan.overview.budget, file.path), shown);
  for (const media::Tile& tile : plan.tiles) {
    shown.parts.push_back({{"type", "text"}, {"text", "\n" + tile.label + ":"}});
    add(encoder_.image(media::crop(image, tile.part), tile.choice.budget, file.path), shown);
    room_ = std::max(0, room_ - kLabel);
  }
}

// Longer than a clip may be, it is played in clips one after another.
void MediaReader::read_sound(const media::Source& source, ShownMedia& shown) {
  runtime::check_hears(*engine_, source.name());
  const auto start = Clock::now();
  const std::vector<float> samples = media::decode_sound(source);
  source.check_unchanged();
  decode_seconds_ += seconds_since(start);
  constexpr int kClipTokens = 750, kMarkers = 2;
  const int n_tokens = static_cast<int>(samples.size() / media::kRawAudioFrame);
  if (n_tokens + n_tokens / kClipTokens * kMarkers > room_)
    throw_error<RequestError>(
        "{}: {:.0f} s of sound take {} tokens, the context of {} has room for {}: use a larger --ctx, or facet "
        "transcribe, which takes any length",
        source.name(), static_cast<double>(samples.size()) / media::kSampleRate, n_tokens, engine_->context(), room_);
  play(samples, source.name(), shown);
}

// At least one clip, so that a sound too short to hear is refused; less than a frame at the end is nothing to hear.
void MediaReader::play(std::span<const float> samples, const std::string& name, ShownMedia& shown) {
  const size_t longest =
      encoder_.takes_raw_sound() ? runtime::kMaxRawAudioTokens * media::kRawAudioFrame : media::kMaxClipSamples;
  bool is_first = true;
  do {
    const size_t n = clip_end(samples, longest);
    if (is_first || n >= media::kMinClipSamples) add(encoder_.sound(samples.first(n), name), shown);
    is_first = false;
    samples = samples.subspan(n);
  } while (!samples.empty());
}

// The sound of a video, as much of it as there is room for: what is seen is there in any case.
void MediaReader::play_track(const media::Source& source, ShownMedia& shown) {
  constexpr int kMarkers = 2 * 3;
  const auto most = static_cast<size_t>(std::max(0, room_ - kMarkers)) * media::kRawAudioFrame;
  const auto reader = media::open_sound(source);
  std::vector<float> samples(most);
  size_t n = 0;
  while (n < most) {
    const size_t got = reader->read(std::span(samples).subspan(n));
    if (got == 0) break;
    n += got;
  }
  samples.resize(n);
  if (n == most)
    note("{}: the first {:.0f} s of its sound are played, as much as the context has room for", source.name(),
         static_cast<double>(n) / media::kSampleRate);
  if (n >= media::kMinClipSamples) play(samples, source.name(), shown);
}

// A frame is decoded while the one before is encoded.
void MediaReader::read_video(const media::Source& source, ShownMedia& shown) {
  runtime::check_sees(*engine_, source.name());
  const int n_wanted = std::min(frames_, room_ / (media::kVideoFrameBudget + 9));
  if (n_wanted < 1)
    throw_error<RequestError>("{}: the context of {} tokens has no room for a frame of video: use a larger --ctx",
                              source.name(), engine_->context());
  runtime::Medium video;
  ProgressLine looking("looking at " + source.name());
  media::VideoInfo info;
  Handoff<media::VideoFrame> frames([&](const auto& hand_over) {
    info = media::visit_video(source, n_wanted, {}, [&](media::VideoFrame&& frame) { hand_over(std::move(frame)); });
  });
  while (auto frame = frames.take()) {
    encoder_.add_frame(video, frame->image, media::timestamp(frame->seconds), source.name());
    looking.show(static_cast<int64_t>(video.parts.size()), n_wanted);
  }
  source.check_unchanged();
  looking.clear();
  if (n_wanted < std::min(frames_, info.n_frames))
    note("{}: {} frames instead of {}, as many as the context has room for", source.name(), n_wanted, frames_);
  add(std::move(video), shown);
  if (sound_ && info.has_sound && engine_->encoders().audio_config) play_track(source, shown);
}

void MediaReader::add(runtime::Medium medium, ShownMedia& shown) {
  using enum text::PromptItem::Kind;
  const char* type = medium.kind == Image ? "image" : medium.kind == Audio ? "audio" : "video";
  shown.parts.push_back({{"type", type}});
  constexpr int kMarkers = 2, kTime = 7;  // around each part, and a frame's time
  const int per_part = kMarkers + (medium.kind == Video ? kTime : 0);
  room_ -= medium.n_tokens() + per_part * static_cast<int>(medium.parts.size());
  room_ = std::max(room_, 0);
  shown.media.push_back(std::move(medium));
}

std::string media_stats_line(MediaReader& reader) {
  const runtime::MediaStats& s = reader.encoder().stats();
  return fmt::format("media: {} encoded, {} known already; decoding {:.0f} ms, preparing {:.0f} ms, encoding {:.0f} ms",
                     s.n_encoded, s.n_cached, reader.decode_seconds() * 1e3, s.prepare_seconds * 1e3,
                     s.encode_seconds * 1e3);
}

}  // namespace facet::apps
