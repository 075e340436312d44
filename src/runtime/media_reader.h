// Pictures, sounds and videos as they were handed in -> what a prompt shows of them: looked at with a budget, encoded,
// and their parts of a message's content.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/media_encoder.h"
#include "text/chat.h"

namespace facet::media {
class Source;
struct Image;
}  // namespace facet::media

namespace facet::runtime {

// One file (or data: URI), and how to look at it.
struct MediaFile {
  enum class Kind { Any, Image, Audio, Video };  // Any: its content says which
  Kind kind = Kind::Any;
  std::string path;
  std::string budget = "medium";  // of a picture: see media::parse_image_budget
  bool tile = false;              // where one picture would lose detail, show it in pieces
};
std::string_view kind_name(MediaFile::Kind kind) noexcept;  // "image", "audio", "video", "media"

// What a message shows the model: parts of its content (media, and texts that say which tile is which), and their media
// in order.
struct ShownMedia {
  text::ChatJson parts = text::ChatJson::array();
  std::vector<Medium> media;
};

struct MediaReaderOptions {
  bool explains = false;  // notes tell how each picture is looked at
  bool plays = true;      // the sound of videos
  int n_frames = 32;      // of a video
  // A sentence when less is shown than was asked for, and what `explains` tells.
  std::function<void(const std::string&)> on_note;
  // Frames looked at, of so many, of a video of this name; 0 of 0 when that is over.
  std::function<void(const std::string& name, int64_t done, int64_t total)> on_progress;
};

class MediaReader {
 public:
  // max_soft: soft tokens that all media together may take.
  MediaReader(std::shared_ptr<const Engine> engine, std::shared_ptr<EmbeddingCache> cache, int max_soft,
              MediaReaderOptions options = {});

  // Adds files to what is shown, in order; a picture is decoded while what stands before it is encoded. Throws at the
  // first that fails.
  void read(const std::vector<MediaFile>& files, ShownMedia& shown);

  // Adds a file to what is shown. Throws RequestError, FormatError or ResourceError naming the file.
  void read(const MediaFile& file, ShownMedia& shown);
  // A picture of a source that was opened, or that was decoded already; file.path for messages.
  void read(const media::Source& source, const MediaFile& file, ShownMedia& shown);
  // Media of any kind that were handed in as bytes; nothing else is opened.
  void read_bytes(media::Source source, MediaFile file, ShownMedia& shown);
  void read(const media::Image& image, const MediaFile& file, ShownMedia& shown);

  void set_room(int max_soft) noexcept { room_ = max_soft; }
  MediaEncoder& encoder() noexcept { return encoder_; }
  double decode_seconds() const noexcept { return decode_seconds_; }

 private:
  struct Opened;  // a file, decoded if it is a picture

  Opened open(const MediaFile& file) const;
  Opened open(media::Source source, const MediaFile& file) const;
  void take(Opened opened, ShownMedia& shown);
  void add(Medium medium, ShownMedia& shown);
  void read_tiles(const media::Image& image, const MediaFile& file, ShownMedia& shown);
  void read_sound(const media::Source& source, ShownMedia& shown);
  void play(std::span<const float> samples, const std::string& name, ShownMedia& shown);
  void play_track(const media::Source& source, ShownMedia& shown);
  void read_video(const media::Source& source, ShownMedia& shown);

  std::shared_ptr<const Engine> engine_;
  MediaEncoder encoder_;
  int room_;
  MediaReaderOptions options_;
  double decode_seconds_ = 0;
};

// What is left of a context for media beside n_text tokens of a prompt, and room for an answer of at most n_answer (-1:
// some), of which a quarter of the context is kept at most.
int room_for_media(const Engine& engine, int n_text, int n_answer = -1);

}  // namespace facet::runtime
