#include "media/kind.h"

#include "media/container.h"
#include "media/file_type.h"
#include "media/needs.h"

namespace facet::media {
namespace {

#ifdef FACET_FFMPEG
MediaKind kind_of_streams(const Source& source) {
  const Container container(source.bytes(), source.name());
  if (container.video() != nullptr) return MediaKind::kVideo;
  if (container.sound() != nullptr) return MediaKind::kSound;
  throw_error<FormatError>("{}: neither sound nor video is in it", source.name());
}
#else
MediaKind kind_of_streams(const Source& source) { throw_needs_ffmpeg(source.name(), "sound and video files"); }
#endif

}  // namespace

MediaKind kind_of(const Source& source) {
  const FileDescription file = describe_file(source.bytes());
  if (is_picture(file.type)) return MediaKind::kImage;
  if (file.type == FileType::kOtherPicture || file.type == FileType::kDocument)
    throw_error<FormatError>("{}: {}, expected a picture (PNG, JPEG, WebP, GIF, BMP), a sound or a video",
                             source.name(), file.name);
  return kind_of_streams(source);
}

}  // namespace facet::media
