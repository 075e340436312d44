#include "media/video.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "media/test_clips.h"
#include "media/test_pictures.h"

namespace facet::media {
namespace {

#ifdef FACET_FFMPEG

Source video_source(const std::string& file, const std::string& name = "clip") {
  const auto bytes = std::as_bytes(std::span(file));
  return Source::from_bytes({bytes.begin(), bytes.end()}, name);
}

Video watch(const std::string& file, int n_wanted = 32, const VideoLimits& limits = {}) {
  return decode_video(video_source(file), n_wanted, limits);
}

void expect_video_error(const std::string& file, const std::string& part, const VideoLimits& limits = {}) {
  expect_clip_error([&] { watch(file, 32, limits); }, part);
}

// The grey that a luma of 16..235 means.
int grey_of(int luma) { return static_cast<int>(std::lround((luma - 16) * 255.0 / 219)); }

// Frames 4 apart in luma are told apart by less than half of that.
void expect_is_frame(const Image& image, int frame) {
  const size_t right = 3 * (image.rgb.size() / 6 + static_cast<size_t>(image.width) * 3 / 4) % image.rgb.size();
  for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(image.rgb[right + c], grey_of(frame_luma(frame)), 2) << "frame " << frame;
}

struct Coding {
  const char *format, *codec;
  int n_b_frames;
};
class VideoOf : public testing::TestWithParam<Coding> {};
INSTANTIATE_TEST_SUITE_P(Codings, VideoOf,
                         testing::Values(Coding{"matroska", "ffv1", 0}, Coding{"mp4", "mpeg4", 0},
                                         Coding{"mp4", "mpeg4", 2}, Coding{"matroska", "mpeg4", 2},
                                         Coding{"avi", "mpeg4", 2}, Coding{"mpegts", "mpeg2video", 2},
                                         Coding{"avi", "ffv1", 0}));

TEST_P(VideoOf, FramesAreTheOnesWanted) {
  const auto [format, codec, n_b_frames] = GetParam();
  const std::string file =
      clip_file({.format = format, .video_codec = codec, .n_frames = 41, .n_b_frames = n_b_frames});
  for (const int n_wanted : {1, 3, 32, 100}) {
    const Video video = watch(file, n_wanted);
    EXPECT_EQ(video.n_frames, 41);
    EXPECT_DOUBLE_EQ(video.fps, 25);
    EXPECT_FALSE(video.has_sound);
    ASSERT_EQ(video.frames.size(), static_cast<size_t>(std::min(n_wanted, 41)));
    for (size_t i = 0; i < video.frames.size(); ++i) {
      const VideoFrame& frame = video.frames[i];
      EXPECT_EQ(frame.index, static_cast<int>(i * 41 / video.frames.size()));
      EXPECT_DOUBLE_EQ(frame.seconds, frame.index / 25.0);
      ASSERT_EQ(frame.image.width, 32);
      ASSERT_EQ(frame.image.height, 16);
      expect_is_frame(frame.image, frame.index);
    }
  }
}

TEST(Video, OddSizesAndTheSoundTrackIsNoticed) {
  const Video video =
      watch(clip_file({.sound_codec = "flac", .video_codec = "ffv1", .width = 97, .height = 61, .n_frames = 3}));
  EXPECT_TRUE(video.has_sound);
  ASSERT_EQ(video.frames.size(), 3u);
  EXPECT_EQ(video.frames[0].image.width, 97);
  EXPECT_EQ(video.frames[0].image.height, 61);
  EXPECT_EQ(video.frames[0].image.rgb.size(), 97u * 61 * 3);
}

// The left half of the stored picture is black.
TEST(Video, IsUpright) {
  const std::string file = clip_file({.format = "mp4", .video_codec = "mpeg4", .n_frames = 1});
  struct Case {
    int a, b, c, d;        // the matrix
    int width, height;     // as shown
    int black_x, black_y;  // a pixel of the black half
  };
  for (const Case& turn : {Case{1, 0, 0, 1, 32, 16, 1, 8}, Case{0, 1, -1, 0, 16, 32, 8, 1},
                           Case{-1, 0, 0, -1, 32, 16, 30, 8}, Case{0, -1, 1, 0, 16, 32, 8, 30}}) {
    const Video video = watch(turned_mp4(file, turn.a, turn.b, turn.c, turn.d));
    const Image& image = video.frames.at(0).image;
    ASSERT_EQ(image.width, turn.width);
    ASSERT_EQ(image.height, turn.height);
    const auto grey = [&](int x, int y) { return int{image.rgb[static_cast<size_t>(3 * (y * image.width + x))]}; };
    EXPECT_NEAR(grey(turn.black_x, turn.black_y), 0, 2);
    EXPECT_NEAR(grey(image.width - 1 - turn.black_x, image.height - 1 - turn.black_y), grey_of(frame_luma(0)), 2);
  }
}

TEST(Video, FramesAreHandedOverOneByOne) {
  std::vector<int> seen;
  const Source source = video_source(clip_file({.video_codec = "ffv1", .n_frames = 10}));
  const VideoInfo info = visit_video(source, 5, {}, [&](VideoFrame&& frame) { seen.push_back(frame.index); });
  EXPECT_EQ(seen, (std::vector<int>{0, 2, 4, 6, 8}));
  EXPECT_EQ(info.n_frames, 10);
}

TEST(Video, LimitsAreChecked) {
  const std::string file = clip_file({.video_codec = "ffv1", .n_frames = 10});
  EXPECT_NO_THROW(watch(file, 32, {.max_pixels = 512, .max_frames = 10}));
  expect_video_error(file, "a video of 32 x 16 pixels, but at most 511 are decoded", {.max_pixels = 511});
  expect_video_error(file, "a video of more than 9 frames", {.max_frames = 9});
  EXPECT_THROW(watch(file, 0), RequestError);
}

TEST(Video, WithoutOneIsAnError) {
  expect_video_error(clip_file({.sound_codec = "flac"}), "there is no video in it");
  expect_video_error(png_file({7, 5}, gradient(7, 5, 3)), "a picture (PNG), expected a sound or a video");
}

TEST(Video, EncryptedFilesAreNamedSo) {
  const std::string file =
      clip_file({.format = "mp4",
                 .video_codec = "mpeg4",
                 .n_frames = 10,
                 .options = "encryption_scheme=cenc-aes-ctr:encryption_key=00112233445566778899aabbccddeeff:"
                            "encryption_kid=00112233445566778899aabbccddeeff"});
  expect_video_error(file, "encrypted");
}

// What is left of it, or an error: never frames that are none of the video's.
TEST(Video, WhatWasCutShort) {
  const std::string file = clip_file({.video_codec = "ffv1", .n_frames = 41});
  for (size_t n = 100; n < file.size(); n += file.size() / 17) {
    try {
      const Video video = watch(file.substr(0, n));
      EXPECT_LE(video.n_frames, 41);
      for (const VideoFrame& frame : video.frames) expect_is_frame(frame.image, frame.index);
    } catch (const FormatError&) {
    }
  }
  EXPECT_THROW(watch(file.substr(0, 100)), FormatError);
}

#endif

}  // namespace
}  // namespace facet::media
