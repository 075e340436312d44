// The kinds of cases in the golden files of the input processors: pictures, sounds, videos.
#pragma once

#include <filesystem>
#include <string>

#include "apps/verify/json_file.h"
#include "apps/verify/report.h"
#include "safetensors/reader.h"

namespace facet::verify {

// One file of the media folder and what is recorded of it. tensors: those whose names begin with the file's name.
struct MediaCase {
  std::filesystem::path file;
  const Json& golden;
  const safetensors::File& tensors;

  std::string tensor_name(const std::string& what) const { return file.filename().string() + "." + what; }
};

// Throw on a golden that lacks what it needs, or a file that cannot be decoded.
void check_picture(const MediaCase& picture, Case& result);
void check_sound(const MediaCase& sound, Case& result);

// Which frames of a video are taken, when, and their soft tokens; frames alone, by the video's length.
void check_video(const Json& golden, Case& result);
void check_sampling(const Json& frames_by_length, Case& result);

}  // namespace facet::verify
