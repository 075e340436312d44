// Flags that name pictures, sounds and videos, and say how they are looked at.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/media_reader.h"

namespace facet::apps {

using runtime::kind_name;
using runtime::MediaFile;
using runtime::room_for_media;
using runtime::ShownMedia;

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

// Looks at files as the flags say; notes and progress are on stderr.
class MediaReader : public runtime::MediaReader {
 public:
  // keeps: embeddings stay below $FACET_HOME/cache, for media that may be shown again.
  MediaReader(std::shared_ptr<const runtime::Engine> engine, int max_soft, const MediaFlags& flags = {},
              bool keeps = true);
};

// "media: 2 encoded, 1 known; 12 ms decoding, 3 ms preparing, 410 ms encoding"
std::string media_stats_line(MediaReader& reader);

}  // namespace facet::apps
