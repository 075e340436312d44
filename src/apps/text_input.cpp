#include "apps/text_input.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "apps/terminal.h"
#include "base/error.h"
#include "base/file.h"

namespace facet::apps {
namespace {

// ".mp3" of "A.MP3".
std::string ending(const std::string& path) {
  std::string out = std::filesystem::path(path).extension().string();
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace

TextInput read_text_input(const std::string& path, std::optional<documents::Format> format) {
  if (path.empty() || path == "-") return {"standard input", format.value_or(documents::Format::Text), read_stdin()};
  const auto by_ending = documents::format_of(path);
  return {path, format ? *format : by_ending.value_or(documents::Format::Text), read_file(path)};
}

bool is_sound_file(const std::string& path) {
  constexpr std::array<std::string_view, 14> kEndings = {".aac", ".flac", ".m4a",  ".mkv", ".mov",  ".mp3",  ".mp4",
                                                         ".oga", ".ogg",  ".opus", ".wav", ".weba", ".webm", ".wma"};
  return std::find(kEndings.begin(), kEndings.end(), ending(path)) != kEndings.end();
}

bool means_file(const std::string& word) {
  std::error_code error;
  if (std::filesystem::exists(word, error)) return true;
  const bool ends_so = documents::format_of(word).has_value() || is_sound_file(word);
  return ends_so && word.find_first_of(" \n") == std::string::npos;
}

documents::Format parse_text_format(const std::string& name) {
  using documents::Format;
  if (name == "markdown") return Format::Markdown;
  if (name == "html") return Format::Html;
  if (name == "srt") return Format::Srt;
  return name == "vtt" ? Format::WebVtt : Format::Text;
}

void write_output(const std::string& path, const std::string& bytes) {
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  if (path.empty()) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size())
      throw_error<ResourceError>("standard output: {}", std::strerror(errno));
    return;
  }
  std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "wb"));
  const bool is_written =
      file && std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size() && std::fflush(file.get()) == 0;
  if (!is_written) throw_error<ResourceError>("{}: cannot be written: {}", path, std::strerror(errno));
}

}  // namespace facet::apps
