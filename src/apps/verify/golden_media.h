// The pictures, videos and sounds that golden cases name, encoded.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "apps/verify/json_file.h"
#include "runtime/media_encoder.h"

namespace facet::verify {

class GoldenMedia {
 public:
  // folder: of the case; media/ and processors/ stand beside it or above.
  GoldenMedia(std::shared_ptr<const runtime::Engine> engine, std::filesystem::path folder);

  // `images` of a case: [[file, budget], ...], or the name of a video that processors.json describes.
  std::vector<runtime::Medium> pictures(const Json& images);
  // `audio` of a case: [file, ...].
  std::vector<runtime::Medium> sounds(const Json& audio);
  runtime::Medium picture(const std::filesystem::path& file, int budget);
  runtime::Medium sound(const std::filesystem::path& file);

 private:
  runtime::Medium video(const std::string& name);
  std::filesystem::path find(const std::filesystem::path& name) const;

  std::filesystem::path folder_;
  runtime::MediaEncoder encoder_;
};

// A prompt's text with one placeholder for each medium, as ids with the media expanded in it.
runtime::MediaPrompt expand(const std::string& text, const text::Tokenizer& tokenizer,
                            const std::vector<runtime::Medium>& media);

}  // namespace facet::verify
