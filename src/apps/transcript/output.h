// Where a transcript goes: standard output, a file, or a file for each recording in a folder.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/transcript/writer.h"

namespace facet::apps {

class TranscriptOutput {
 public:
  // path: empty for standard output. A folder, or a path that ends in a slash, gets NAME.srt and so on for each of the
  // recordings. Throws RequestError when two recordings would have one file, or several would have one file of
  // subtitles.
  TranscriptOutput(std::string path, TranscriptFormat format, const std::vector<std::string>& recordings);

  // Goes on with this recording's file. ResourceError when it cannot be written.
  void open(const std::string& recording);
  void write(std::string_view text);
  bool is_folder() const noexcept { return is_folder_; }
  void close();  // ResourceError when what was written is not all on disk

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept {
      if (file != nullptr) std::fclose(file);
    }
  };

  std::string path_of(const std::string& recording) const;
  [[noreturn]] void fail() const;

  std::string path_, open_path_;
  bool is_folder_ = false;
  TranscriptFormat format_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace facet::apps
