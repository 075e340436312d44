#include "media/frame_times.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/error.h"

namespace facet::media {
namespace {

TEST(SampleFrames, TakesThirtyTwoAsTheReferenceDoes) {
  const struct {
    int n_frames;
    std::vector<int> frames;
  } cases[] = {
      {32, {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
            16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31}},
      {33, {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
            16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31}},
      {64, {0,  2,  4,  6,  8,  10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30,
            32, 34, 36, 38, 40, 42, 44, 46, 48, 50, 52, 54, 56, 58, 60, 62}},
      {100, {0,  3,  6,  9,  12, 15, 18, 21, 25, 28, 31, 34, 37, 40, 43, 46,
             50, 53, 56, 59, 62, 65, 68, 71, 75, 78, 81, 84, 87, 90, 93, 96}},
      {299, {0,   9,   18,  28,  37,  46,  56,  65,  74,  84,  93,  102, 112, 121, 130, 140,
             149, 158, 168, 177, 186, 196, 205, 214, 224, 233, 242, 252, 261, 270, 280, 289}},
      {300, {0,   9,   18,  28,  37,  46,  56,  65,  75,  84,  93,  103, 112, 121, 131, 140,
             150, 159, 168, 178, 187, 196, 206, 215, 225, 234, 243, 253, 262, 271, 281, 290}},
      {1800, {0,   56,  112,  168,  225,  281,  337,  393,  450,  506,  562,  618,  675,  731,  787,  843,
              900, 956, 1012, 1068, 1125, 1181, 1237, 1293, 1350, 1406, 1462, 1518, 1575, 1631, 1687, 1743}},
  };
  for (const auto& c : cases) EXPECT_EQ(sample_frames(c.n_frames), c.frames) << c.n_frames;
}

TEST(SampleFrames, TakesAllOfAShortVideo) {
  for (const int n : {1, 2, 5, 31}) {
    std::vector<int> all(static_cast<size_t>(n));
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(sample_frames(n), all);
  }
}

// Rising, in range, and as many as asked for, also where stepping in floats would give one more.
TEST(SampleFrames, TakesAnyNumber) {
  for (const int n_frames : {1, 30, 42, 1001, INT_MAX})
    for (const int n_wanted : {1, 2, 7, 30, 64}) {
      const auto frames = sample_frames(n_frames, n_wanted);
      ASSERT_EQ(frames.size(), static_cast<size_t>(std::min(n_frames, n_wanted)));
      EXPECT_EQ(frames.front(), 0);
      EXPECT_LT(frames.back(), n_frames);
      EXPECT_EQ(std::adjacent_find(frames.begin(), frames.end(), std::greater_equal<>()), frames.end());
    }
}

TEST(SampleFrames, RefusesNoFrames) {
  EXPECT_THROW(sample_frames(0), RequestError);
  EXPECT_THROW(sample_frames(-3), RequestError);
  EXPECT_THROW(sample_frames(10, 0), RequestError);
}

TEST(Timestamp, CutsOffFractionsAndCountsMinutesOn) {
  EXPECT_EQ(timestamp(0), "00:00");
  EXPECT_EQ(timestamp(1.999), "00:01");
  EXPECT_EQ(timestamp(59.99), "00:59");
  EXPECT_EQ(timestamp(61), "01:01");
  EXPECT_EQ(timestamp(3660), "61:00");
  EXPECT_EQ(timestamp(6000), "100:00");
  EXPECT_EQ(timestamp(-1), "00:00");
  EXPECT_EQ(timestamp(std::nan("")), "00:00");
  EXPECT_EQ(timestamp(HUGE_VAL), timestamp(1e12));
}

TEST(Timestamp, OfFramesFollowsFromTheRate) {
  const auto times = [](int n_frames, double fps) {
    std::string out;
    for (const int i : sample_frames(n_frames)) out += timestamp(frame_seconds(i, fps)) + " ";
    return out;
  };
  EXPECT_EQ(times(5, 2), "00:00 00:00 00:01 00:01 00:02 ");
  std::string expected;
  for (int i = 0; i < 32; ++i) expected += i < 24 ? "00:00 " : "00:01 ";
  EXPECT_EQ(times(40, 30), expected);
  EXPECT_EQ(timestamp(frame_seconds(48, 0)), "00:02");  // of an unknown rate
}

}  // namespace
}  // namespace facet::media
