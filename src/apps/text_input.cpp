#include "apps/text_input.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include "apps/terminal.h"
#include "base/error.h"
#include "base/file.h"
#include "media/file_type.h"

namespace facet::apps {
namespace {

// ".mp3" of "A.MP3".
std::string ending(const std::string& path) {
  std::string out = std::filesystem::path(path).extension().string();
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool ends_as_sound(const std::string& path) {
  constexpr std::array<std::string_view, 14> kEndings = {".aac", ".flac", ".m4a",  ".mkv", ".mov",  ".mp3",  ".mp4",
                                                         ".oga", ".ogg",  ".opus", ".wav", ".weba", ".webm", ".wma"};
  return std::find(kEndings.begin(), kEndings.end(), ending(path)) != kEndings.end();
}

// Of a pipe nothing is read: what was looked at would be lost.
bool begins_as_sound(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  std::array<char, 64> start{};
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), start.size());
  const auto bytes = std::as_bytes(std::span(start)).first(static_cast<size_t>(file.gcount()));
  return media::describe_file(bytes).type == media::FileType::kSoundOrVideo;
}

// What is no text is named, instead of being taken for one in another encoding.
TextInput checked(TextInput input) {
  if (input.format == documents::Format::Docx) return input;
  // A text may begin with "ID3" too, but holds no zeros.
  const std::string_view start = std::string_view(input.bytes).substr(0, 256);
  if (start.find('\0') == std::string_view::npos && !start.starts_with("%PDF-")) return input;
  const media::FileDescription file = media::describe_file(std::as_bytes(std::span(input.bytes)));
  if (file.type == media::FileType::kSoundOrVideo)
    throw_error<RequestError>("{}: {}, expected a text: facet transcribe writes down what is said in it", input.name,
                              file.name);
  if (file.type != media::FileType::kUnknown)
    throw_error<RequestError>("{}: {}, expected a text: facet ocr reads what is written in pictures and pages",
                              input.name, file.name);
  return input;
}

}  // namespace

TextInput read_text_input(const std::string& path, std::optional<documents::Format> format) {
  if (path.empty() || path == "-")
    return checked({"standard input", format.value_or(documents::Format::Text), read_stdin()});
  const auto by_ending = documents::format_of(path);
  return checked({path, format ? *format : by_ending.value_or(documents::Format::Text), read_file(path)});
}

bool is_sound_file(const std::string& path) {
  return ends_as_sound(path) || (!documents::format_of(path) && begins_as_sound(path));
}

bool means_file(const std::string& word) {
  std::error_code error;
  if (std::filesystem::exists(word, error)) return true;
  const bool ends_so = documents::format_of(word).has_value() || ends_as_sound(word);
  return ends_so && word.find_first_of(" \n") == std::string::npos;
}

documents::Format parse_text_format(const std::string& name) {
  using documents::Format;
  if (name == "markdown") return Format::Markdown;
  if (name == "html") return Format::Html;
  if (name == "srt") return Format::Srt;
  return name == "vtt" ? Format::WebVtt : Format::Text;
}

void check_spares_inputs(const std::string& output, std::span<const std::string> inputs) {
  std::error_code error;
  if (output.empty() || !std::filesystem::is_regular_file(output, error)) return;
  for (const std::string& input : inputs)
    if (!input.empty() && input != "-" && std::filesystem::equivalent(output, input, error))
      throw_error<RequestError>("{}: this is the input: what is written there would take its place", output);
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
