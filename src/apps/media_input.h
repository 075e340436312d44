// Pictures, sounds and videos that a command line or a message names: read, looked at, encoded.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/media_encoder.h"
#include "text/chat.h"

namespace facet::media {
class Source;
struct Image;
}  // namespace facet::media

namespace facet::apps {

// One file (or data: URI), and how to look at it.
struct MediaFile {
  enum class Kind { Any, Image, Audio, Video };  // Any: its content says which
  Kind kind = Kind::Any;
  std::string path;
  std::string budget = "medium";  // of a picture: see media::parse_image_budget
  bool tile = false;              // where one picture would lose detail, show it in pieces
};
std::string_view kind_name(MediaFile::Kind kind) noexcept;  // "image", "audio", "video", "media"

// --image, --audio, --video, --no-sound, --budget, --tile, --explain, --frames
struct MediaFlags {
  std::vector<MediaFile> named;      // in the order of the command line
  std::vector<std::string> budgets;  // one for all pictures, or one for each; none: `default_budget`
  std::string default_budget = "medium";
  bool tile = false, explain = false, no_sound = false;
  int frames = 32;

  void add_to(CLI::App& command);
  void add_looking_to(CLI::App& command);  // without the first four

  // The named files, each with its budget. RequestError when there are more budgets than pictures, or fewer but one.
  std::vector<MediaFile> files() const;
};

// What a message shows the model: parts of its content (media, and texts that say which tile is which), and their media
// in order.
struct ShownMedia {
  text::ChatJson parts = text::ChatJson::array();
  std::vector<runtime::Medium> media;
};

class MediaReader {
 public:
  // max_soft: soft tokens that all media together may take. keeps: embeddings stay below $FACET_HOME/cache, for media
  // that may be shown again.
  MediaReader(std::shared_ptr<const runtime::Engine> engine, int max_soft, const MediaFlags& flags = {},
              bool keeps = true);

  // Adds files to what is shown, in order; a picture is decoded while what stands before it is encoded. Throws at the
  // first that fails.
  void read(const std::vector<MediaFile>& files, ShownMedia& shown);

  // Adds a file to what is shown. Notes on stderr: with --explain how a picture is looked at, and always when less is
  // shown than was asked for. Throws RequestError, FormatError or ResourceError naming the file.
  void read(const MediaFile& file, ShownMedia& shown);
  // A picture of a source that was opened, or that was decoded already; file.path for messages.
  void read(const media::Source& source, const MediaFile& file, ShownMedia& shown);
  void read(const media::Image& image, const MediaFile& file, ShownMedia& shown);

  void set_room(int max_soft) noexcept { room_ = max_soft; }
  runtime::MediaEncoder& encoder() noexcept { return encoder_; }
  double decode_seconds() const noexcept { return decode_seconds_; }

 private:
  struct Opened;  // a file, decoded if it is a picture

  Opened open(const MediaFile& file) const;
  void take(Opened opened, ShownMedia& shown);
  void add(runtime::Medium medium, ShownMedia& shown);
  void read_tiles(const media::Image& image, const MediaFile& file, ShownMedia& shown);
  void read_sound(const media::Source& source, ShownMedia& shown);
  void play(std::span<const float> samples, const std::string& name, ShownMedia& shown);
  void play_track(const media::Source& source, ShownMedia& shown);
  void read_video(const media::Source& source, ShownMedia& shown);

  std::shared_ptr<const runtime::Engine> engine_;
  runtime::MediaEncoder encoder_;
  int room_;
  bool explain_ = false, sound_ = true;
  int frames_ = 32;
  double decode_seconds_ = 0;
};

// What is left of a context for media beside n_text tokens of a prompt, and room for an answer of at most n_answer (-1:
// some), of which a quarter of the context is kept at most.
int room_for_media(const runtime::Engine& engine, int n_text, int n_answer = -1);

// "media: 2 encoded, 1 known; 12 ms decoding, 3 ms preparing, 410 ms encoding"
std::string media_stats_line(MediaReader& reader);

}  // namespace facet::apps
