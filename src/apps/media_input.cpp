#include "apps/media_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "apps/model_options.h"
#include "apps/terminal.h"
#include "base/error.h"
#include "media/image_budget.h"

namespace facet::apps {
namespace {

using Kind = MediaFile::Kind;

std::shared_ptr<runtime::EmbeddingCache> make_cache(bool keeps) {
  runtime::EmbeddingCacheOptions options;
  if (keeps) options.folder = facet_home() + "/cache/media";
  return std::make_shared<runtime::EmbeddingCache>(options);
}

runtime::MediaReaderOptions reader_options(const MediaFlags& flags) {
  runtime::MediaReaderOptions options{flags.explain, !flags.no_sound, flags.frames, {}, {}};
  options.on_note = [](const std::string& text) { fmt::print(stderr, "facet: {}\n", printable(text)); };
  options.on_progress = [line = std::shared_ptr<ProgressLine>()](const std::string& name, int64_t done,
                                                                 int64_t total) mutable {
    if (line == nullptr) line = std::make_shared<ProgressLine>("looking at " + name);
    if (total > 0) return line->show(done, total);
    line->clear();
    line = nullptr;
  };
  return options;
}

}  // namespace

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

MediaReader::MediaReader(std::shared_ptr<const runtime::Engine> engine, int max_soft, const MediaFlags& flags,
                         bool keeps)
    : runtime::MediaReader(std::move(engine), make_cache(keeps), max_soft, reader_options(flags)) {}

std::string media_stats_line(MediaReader& reader) {
  const runtime::MediaStats& s = reader.encoder().stats();
  return fmt::format("media: {} encoded, {} known already; decoding {:.0f} ms, preparing {:.0f} ms, encoding {:.0f} ms",
                     s.n_encoded, s.n_cached, reader.decode_seconds() * 1e3, s.prepare_seconds * 1e3,
                     s.encode_seconds * 1e3);
}

}  // namespace facet::apps
