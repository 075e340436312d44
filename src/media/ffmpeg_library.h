// FFmpeg's functions, in libraries that are loaded when the first of them is called (base/shared_library.h). Part of a
// build with FACET_FFMPEG alone.
#pragma once

#ifdef FACET_FFMPEG
extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
#include <libavutil/log.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

namespace facet::media {

#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
#define FACET_FFMPEG_SIDE_DATA(X) X(avcodec, av_packet_side_data_get)
#else
#define FACET_FFMPEG_SIDE_DATA(X) X(avformat, av_stream_get_side_data)
#endif

// X(library, function)
#define FACET_FFMPEG_FUNCTIONS(X)           \
  X(avutil, av_dict_free)                   \
  X(avutil, av_dict_set_int)                \
  X(avutil, av_frame_alloc)                 \
  X(avutil, av_frame_free)                  \
  X(avutil, av_frame_get_buffer)            \
  X(avutil, av_freep)                       \
  X(avutil, av_get_packed_sample_fmt)       \
  X(avutil, av_get_pix_fmt_name)            \
  X(avutil, av_log_set_level)               \
  X(avutil, av_malloc)                      \
  X(avutil, av_sample_fmt_is_planar)        \
  X(avutil, av_strdup)                      \
  X(avutil, av_strerror)                    \
  X(avcodec, av_new_packet)                 \
  X(avcodec, av_packet_alloc)               \
  X(avcodec, av_packet_free)                \
  X(avcodec, av_packet_get_side_data)       \
  X(avcodec, av_packet_unref)               \
  X(avcodec, avcodec_alloc_context3)        \
  X(avcodec, avcodec_find_decoder)          \
  X(avcodec, avcodec_flush_buffers)         \
  X(avcodec, avcodec_free_context)          \
  X(avcodec, avcodec_get_name)              \
  X(avcodec, avcodec_open2)                 \
  X(avcodec, avcodec_parameters_to_context) \
  X(avcodec, avcodec_receive_frame)         \
  X(avcodec, avcodec_send_packet)           \
  X(avformat, av_find_best_stream)          \
  X(avformat, av_read_frame)                \
  X(avformat, avformat_alloc_context)       \
  X(avformat, avformat_close_input)         \
  X(avformat, avformat_find_stream_info)    \
  X(avformat, avformat_open_input)          \
  X(avformat, avio_alloc_context)           \
  X(avformat, avio_context_free)            \
  X(swscale, sws_freeContext)               \
  X(swscale, sws_getCachedContext)          \
  X(swscale, sws_getCoefficients)           \
  X(swscale, sws_scale)                     \
  X(swscale, sws_setColorspaceDetails)      \
  FACET_FFMPEG_SIDE_DATA(X)

struct Ffmpeg {
#define FACET_DECLARE(library, function) decltype(&::function) function;
  FACET_FFMPEG_FUNCTIONS(FACET_DECLARE)
#undef FACET_DECLARE
};

// Throws ResourceError when the libraries that this program was built for are not on this machine.
const Ffmpeg& ffmpeg();

}  // namespace facet::media
#endif
