#include "media/file_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace facet::media {
namespace {

using namespace std::string_view_literals;

// A dot in a pattern stands for any byte.
struct Signature {
  std::string_view pattern;
  FileType type;
  const char* name;
};

constexpr Signature kSignatures[] = {
    {"\x89PNG\r\n\x1a\n"sv, FileType::kPng, "PNG"},
    {"\xff\xd8\xff"sv, FileType::kJpeg, "JPEG"},
    {"RIFF....WEBP"sv, FileType::kWebp, "WebP"},
    {"GIF87a"sv, FileType::kGif, "GIF"},
    {"GIF89a"sv, FileType::kGif, "GIF"},
    {"BM............\x0c\0\0\0"sv, FileType::kBmp, "BMP"},
    {"BM............\x28\0\0\0"sv, FileType::kBmp, "BMP"},
    {"BM............\x34\0\0\0"sv, FileType::kBmp, "BMP"},
    {"BM............\x38\0\0\0"sv, FileType::kBmp, "BMP"},
    {"BM............\x40\0\0\0"sv, FileType::kBmp, "BMP"},
    {"BM............\x6c\0\0\0"sv, FileType::kBmp, "BMP"},
    {"BM............\x7c\0\0\0"sv, FileType::kBmp, "BMP"},
    {"II*\0"sv, FileType::kOtherPicture, "a TIFF picture"},
    {"MM\0*"sv, FileType::kOtherPicture, "a TIFF picture"},
    {"....ftypavif"sv, FileType::kOtherPicture, "an AVIF picture"},
    {"....ftypavis"sv, FileType::kOtherPicture, "an AVIF picture"},
    {"....ftypheic"sv, FileType::kOtherPicture, "a HEIC picture"},
    {"....ftypheix"sv, FileType::kOtherPicture, "a HEIC picture"},
    {"....ftypmif1"sv, FileType::kOtherPicture, "a HEIF picture"},
    {"\0\0\0\x0cJXL \r\n\x87\n"sv, FileType::kOtherPicture, "a JPEG XL picture"},
    {"<svg"sv, FileType::kOtherPicture, "an SVG drawing"},
    {"%PDF-"sv, FileType::kDocument, "a PDF document"},
    {"PK\x03\x04"sv, FileType::kDocument, "a ZIP archive or an office document"},
    {"RIFF....WAVE"sv, FileType::kSoundOrVideo, "a WAV sound"},
    {"RF64....WAVE"sv, FileType::kSoundOrVideo, "a WAV sound"},
    {"RIFF....AVI "sv, FileType::kSoundOrVideo, "an AVI video"},
    {"fLaC"sv, FileType::kSoundOrVideo, "a FLAC sound"},
    {"ID3"sv, FileType::kSoundOrVideo, "an MP3 sound"},
    {"OggS"sv, FileType::kSoundOrVideo, "an Ogg sound or video"},
    {"....ftyp"sv, FileType::kSoundOrVideo, "an MP4 sound or video"},
    {"\x1a\x45\xdf\xa3"sv, FileType::kSoundOrVideo, "a Matroska or WebM sound or video"},
};

bool matches(std::string_view start, std::string_view pattern) noexcept {
  return start.size() >= pattern.size() &&
         std::equal(pattern.begin(), pattern.end(), start.begin(), [](char p, char c) { return p == '.' || p == c; });
}

std::string unknown_name(std::string_view start) {
  std::string name = "of an unknown format (it starts with";
  for (const char c : start.substr(0, 8)) name += fmt::format(" {:02x}", static_cast<unsigned char>(c));
  return name + ")";
}

}  // namespace

FileDescription describe_file(std::span<const std::byte> bytes) {
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()), std::min<size_t>(bytes.size(), 32));
  const auto* found = std::find_if(std::begin(kSignatures), std::end(kSignatures),
                                   [start](const Signature& s) { return matches(start, s.pattern); });
  if (found == std::end(kSignatures)) return {FileType::kUnknown, unknown_name(start)};
  return {found->type, found->name};
}

}  // namespace facet::media
