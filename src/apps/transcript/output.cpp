#include "apps/transcript/output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

#include "apps/text_input.h"
#include "base/error.h"

namespace facet::apps {

namespace fs = std::filesystem;

TranscriptOutput::TranscriptOutput(std::string path, TranscriptFormat format,
                                   const std::vector<std::string>& recordings)
    : path_(std::move(path)), format_(format) {
  std::error_code error;
  is_folder_ = path_.ends_with('/') || fs::is_directory(path_, error);
  const bool is_one_document = format == TranscriptFormat::Srt || format == TranscriptFormat::Vtt;
  if (!is_folder_ && recordings.size() > 1 && is_one_document)
    throw RequestError("subtitles of several files need a folder to go to: -o FOLDER/");
  if (!is_folder_) {
    check_spares_inputs(path_, recordings);
    return;
  }
  std::map<std::string, std::string> owners;
  for (const std::string& recording : recordings) {
    const auto [other, is_new] = owners.emplace(path_of(recording), recording);
    if (!is_new)
      throw_error<RequestError>("{} and {} would both be written to {}", other->second, recording, other->first);
    check_spares_inputs(other->first, recordings);
  }
  fs::create_directories(path_, error);
  if (error) throw_error<ResourceError>("{}: {}", path_, error.message());
}

std::string TranscriptOutput::path_of(const std::string& recording) const {
  const std::string name = recording == "-" ? "standard-input" : fs::path(recording).stem().string();
  return (fs::path(path_) / (name + std::string(file_extension(format_)))).string();
}

void TranscriptOutput::fail() const { throw_error<ResourceError>("{}: {}", open_path_, std::strerror(errno)); }

void TranscriptOutput::open(const std::string& recording) {
  if (path_.empty() || (file_ && !is_folder_)) return;
  close();
  open_path_ = is_folder_ ? path_of(recording) : path_;
  file_.reset(std::fopen(open_path_.c_str(), "wb"));
  if (!file_) fail();
}

// Whoever follows a file, or the other end of a pipe, gets every segment as it is finished.
void TranscriptOutput::write(std::string_view text) {
  std::FILE* out = path_.empty() ? stdout : file_.get();
  if (path_.empty()) {
    std::fwrite(text.data(), 1, text.size(), out);  // main() looks at errors of standard output
    std::fflush(out);
  } else if (std::fwrite(text.data(), 1, text.size(), out) != text.size() || std::fflush(out) != 0) {
    fail();
  }
}

void TranscriptOutput::close() {
  if (file_ && std::fclose(file_.release()) != 0) fail();
}

}  // namespace facet::apps
