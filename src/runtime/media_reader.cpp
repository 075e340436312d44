#include "runtime/media_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

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

namespace facet::runtime {
namespace {

using FileKind = MediaFile::Kind;
using ReaderClock = std::chrono::steady_clock;

double seconds_of_reading(ReaderClock::time_point start) {
  return std::chrono::duration<double>(ReaderClock::now() - start).count();
}

FileKind kind_of_file(const media::Source& source, FileKind asked) {
  if (asked != FileKind::Any) return asked;
  switch (media::kind_of(source)) {
    case media::MediaKind::kImage:
      return FileKind::Image;
    case media::MediaKind::kSound:
      return FileKind::Audio;
    case media::MediaKind::kVideo:
      return FileKind::Video;
  }
  return FileKind::Image;
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

std::string_view kind_name(FileKind kind) noexcept {
  return kind == FileKind::Image   ? "image"
         : kind == FileKind::Audio ? "audio"
         : kind == FileKind::Video ? "video"
                                   : "media";
}

int room_for_media(const Engine& engine, int n_text, int n_answer) {
  constexpr int kAnswer = 128, kMarkers = 8;  // around the last of the media
  const int answer = std::min(n_answer < 0 ? kAnswer : n_answer, engine.context() / 4);
  return std::max(0, engine.context() - n_text - kMarkers - answer);
}

MediaReader::MediaReader(std::shared_ptr<const Engine> engine, std::shared_ptr<EmbeddingCache> cache, int max_soft,
                         MediaReaderOptions options)
    : engine_(std::move(engine)), encoder_(engine_, std::move(cache)), room_(max_soft), options_(std::move(options)) {
  if (!options_.on_note) options_.on_note = [](const std::string&) {};
  if (!options_.on_progress) options_.on_progress = [](const std::string&, int64_t, int64_t) {};
}

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
  return open(media::Source::open(file.path), file);
}

MediaReader::Opened MediaReader::open(media::Source source, const MediaFile& file) const {
  Opened out{file, std::move(source), {}, 0};
  out.file.path = out.source.name();
  out.file.kind = kind_of_file(out.source, file.kind);
  if (out.file.kind != FileKind::Image) return out;
  check_sees(*engine_, out.source.name());
  const auto start = ReaderClock::now();
  out.image = media::decode_image(out.source.bytes(), out.source.name());
  out.source.check_unchanged();
  out.seconds = seconds_of_reading(start);
  return out;
}

void MediaReader::take(Opened opened, ShownMedia& shown) {
  decode_seconds_ += opened.seconds;
  if (opened.file.kind == FileKind::Audio) return read_sound(opened.source, shown);
  if (opened.file.kind == FileKind::Video) return read_video(opened.source, shown);
  read(opened.image, opened.file, shown);
}

void MediaReader::read(const MediaFile& file, ShownMedia& shown) { take(open(file), shown); }

void MediaReader::read_bytes(media::Source source, MediaFile file, ShownMedia& shown) {
  take(open(std::move(source), file), shown);
}

void MediaReader::read(const std::vector<MediaFile>& files, ShownMedia& shown) {
  Handoff<Opened> opened([&](const auto& hand_over) {
    for (const MediaFile& file : files) hand_over(open(file));
  });
  while (auto next = opened.take()) take(std::move(*next), shown);
}

void MediaReader::read(const media::Source& source, const MediaFile& file, ShownMedia& shown) {
  const auto start = ReaderClock::now();
  const media::Image image = media::decode_image(source.bytes(), source.name());
  source.check_unchanged();
  decode_seconds_ += seconds_of_reading(start);
  read(image, file, shown);
}

void MediaReader::read(const media::Image& image, const MediaFile& file, ShownMedia& shown) {
  check_sees(*engine_, file.path);
  if (file.tile) return read_tiles(image, file, shown);
  if (const int least = media::n_soft_tokens(media::target_size({image.width, image.height}, media::kImageBudgets[0]));
      least > room_)
    throw_error<RequestError>(
        "{}: it takes {} tokens at least, and the context of {} has room for {}: use a larger --ctx", file.path, least,
        engine_->context(), room_);
  const auto wanted = media::parse_image_budget(file.budget, encoder_.default_image_budget());
  const media::BudgetChoice choice = media::choose_budget(image, wanted, room_);
  if (options_.explains || (wanted && choice.budget < *wanted))
    options_.on_note(fmt::format("{}: {}x{} pixels, looked at as {}x{}: {} of at most {} tokens; {}", file.path,
                                 image.width, image.height, choice.size.width, choice.size.height, choice.n_soft,
                                 choice.budget, choice.why));
  add(encoder_.image(image, choice.budget, file.path), shown);
}

// A tile is given no more than a picture would be, and its label some tokens.
void MediaReader::read_tiles(const media::Image& image, const MediaFile& file, ShownMedia& shown) {
  constexpr int kMaxTiles = 12, kLabel = 48;
  const media::TilePlan plan =
      media::plan_tiles(image, {.max_tiles = kMaxTiles, .max_soft = std::max(0, room_ - kMaxTiles * kLabel)});
  if (options_.explains) options_.on_note(fmt::format("{}: {}", file.path, plan.why));
  add(encoder_.image(image, plan.overview.budget, file.path), shown);
  for (const media::Tile& tile : plan.tiles) {
    shown.parts.push_back({{"type", "text"}, {"text", "\n" + tile.label + ":"}});
    add(encoder_.image(media::crop(image, tile.part), tile.choice.budget, file.path), shown);
    room_ = std::max(0, room_ - kLabel);
  }
}

// Longer than a clip may be, it is played in clips one after another.
void MediaReader::read_sound(const media::Source& source, ShownMedia& shown) {
  check_hears(*engine_, source.name());
  const auto start = ReaderClock::now();
  const std::vector<float> samples = media::decode_sound(source);
  source.check_unchanged();
  decode_seconds_ += seconds_of_reading(start);
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
      encoder_.takes_raw_sound() ? kMaxRawAudioTokens * media::kRawAudioFrame : media::kMaxClipSamples;
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
    options_.on_note(fmt::format("{}: the first {:.0f} s of its sound are played, as much as the context has room for",
                                 source.name(), static_cast<double>(n) / media::kSampleRate));
  if (n >= media::kMinClipSamples) play(samples, source.name(), shown);
}

// A frame is decoded while the one before is encoded.
void MediaReader::read_video(const media::Source& source, ShownMedia& shown) {
  check_sees(*engine_, source.name());
  const int n_wanted = std::min(options_.n_frames, room_ / (media::kVideoFrameBudget + 9));
  if (n_wanted < 1)
    throw_error<RequestError>("{}: the context of {} tokens has no room for a frame of video: use a larger --ctx",
                              source.name(), engine_->context());
  Medium video;
  media::VideoInfo info;
  Handoff<media::VideoFrame> frames([&](const auto& hand_over) {
    info = media::visit_video(source, n_wanted, {}, [&](media::VideoFrame&& frame) { hand_over(std::move(frame)); });
  });
  while (auto frame = frames.take()) {
    encoder_.add_frame(video, frame->image, media::timestamp(frame->seconds), source.name());
    options_.on_progress(source.name(), static_cast<int64_t>(video.parts.size()), n_wanted);
  }
  source.check_unchanged();
  options_.on_progress(source.name(), 0, 0);
  if (n_wanted < std::min(options_.n_frames, info.n_frames))
    options_.on_note(fmt::format("{}: {} frames instead of {}, as many as the context has room for", source.name(),
                                 n_wanted, options_.n_frames));
  add(std::move(video), shown);
  if (options_.plays && info.has_sound && engine_->encoders().audio_config) play_track(source, shown);
}

void MediaReader::add(Medium medium, ShownMedia& shown) {
  using enum text::PromptItem::Kind;
  const char* type = medium.kind == Image ? "image" : medium.kind == Audio ? "audio" : "video";
  shown.parts.push_back({{"type", type}});
  constexpr int kMarkers = 2, kTime = 7;  // around each part, and a frame's time
  const int per_part = kMarkers + (medium.kind == Video ? kTime : 0);
  room_ -= medium.n_tokens() + per_part * static_cast<int>(medium.parts.size());
  room_ = std::max(room_, 0);
  shown.media.push_back(std::move(medium));
}

}  // namespace facet::runtime
