// What a file is by its first bytes, whatever its name says.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace facet::media {

enum class FileType {
  kUnknown,
  kPng,
  kJpeg,
  kWebp,
  kGif,
  kBmp,
  kOtherPicture,  // of a format that is not decoded
  kDocument,
  kSoundOrVideo,  // a container: what is in it, its streams say
};

// One that decode_image() decodes.
constexpr bool is_picture(FileType type) { return type >= FileType::kPng && type <= FileType::kBmp; }

struct FileDescription {
  FileType type = FileType::kUnknown;
  std::string name;  // for messages: "PNG", "a PDF document", "of an unknown format (it starts with 00 01)"
};

FileDescription describe_file(std::span<const std::byte> bytes);

}  // namespace facet::media
