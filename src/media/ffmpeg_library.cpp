#include "media/ffmpeg_library.h"

#ifdef FACET_FFMPEG
#include "base/shared_library.h"

namespace facet::media {
namespace {

Ffmpeg load_ffmpeg() {
#ifdef FACET_LINK_FFMPEG
#define FACET_ADDRESS(library, function) &::function,
#else
  const SharedLibrary avutil("avutil", LIBAVUTIL_VERSION_MAJOR, FACET_FFMPEG_FOLDER);
  const SharedLibrary avcodec("avcodec", LIBAVCODEC_VERSION_MAJOR, FACET_FFMPEG_FOLDER);
  const SharedLibrary avformat("avformat", LIBAVFORMAT_VERSION_MAJOR, FACET_FFMPEG_FOLDER);
  const SharedLibrary swscale("swscale", LIBSWSCALE_VERSION_MAJOR, FACET_FFMPEG_FOLDER);
#define FACET_ADDRESS(library, function) library.get<decltype(::function)>(#function),
#endif
  const Ffmpeg functions{FACET_FFMPEG_FUNCTIONS(FACET_ADDRESS)};
#undef FACET_ADDRESS
  functions.av_log_set_level(AV_LOG_QUIET);  // it writes to stderr otherwise
  return functions;
}

}  // namespace

const Ffmpeg& ffmpeg() {
  static const Ffmpeg functions = load_ffmpeg();
  return functions;
}

}  // namespace facet::media
#endif
