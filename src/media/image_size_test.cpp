#include "media/image_size.h"

#include <gtest/gtest.h>

#include <ostream>

#include "base/error.h"

namespace facet::media {

void PrintTo(const Size& s, std::ostream* out) { *out << s.width << " x " << s.height; }

namespace {

struct Worked {
  Size image;
  struct {
    Size size;
    int n_soft;
  } targets[kImageBudgets.size()];
};

// clang-format off
constexpr Worked kWorked[] = {
    {{1, 1}, {{{384, 384}, 64}, {{528, 528}, 121}, {{768, 768}, 256}, {{1104, 1104}, 529}, {{1584, 1584}, 1089}}},
    {{16, 16}, {{{384, 384}, 64}, {{528, 528}, 121}, {{768, 768}, 256}, {{1104, 1104}, 529}, {{1584, 1584}, 1089}}},
    {{224, 224}, {{{384, 384}, 64}, {{528, 528}, 121}, {{768, 768}, 256}, {{1104, 1104}, 529}, {{1584, 1584}, 1089}}},
    {{640, 480}, {{{432, 336}, 63}, {{624, 480}, 130}, {{912, 672}, 266}, {{1296, 960}, 540}, {{1824, 1344}, 1064}}},
    {{4032, 3024}, {{{432, 336}, 63}, {{624, 480}, 130}, {{912, 672}, 266}, {{1296, 960}, 540}, {{1824, 1344}, 1064}}},
    {{480, 640}, {{{336, 432}, 63}, {{480, 624}, 130}, {{672, 912}, 266}, {{960, 1296}, 540}, {{1344, 1824}, 1064}}},
    {{960, 672}, {{{480, 336}, 70}, {{672, 432}, 126}, {{960, 672}, 280}, {{1344, 912}, 532}, {{1920, 1344}, 1120}}},
    {{1280, 720}, {{{528, 288}, 66}, {{720, 384}, 120}, {{1056, 576}, 264}, {{1488, 816}, 527}, {{2112, 1200}, 1100}}},
    {{1920, 1080}, {{{528, 288}, 66}, {{720, 384}, 120}, {{1056, 576}, 264}, {{1488, 816}, 527}, {{2112, 1200}, 1100}}},
    {{3840, 2160}, {{{528, 288}, 66}, {{720, 384}, 120}, {{1056, 576}, 264}, {{1488, 816}, 527}, {{2112, 1200}, 1100}}},
    {{1080, 1920}, {{{288, 528}, 66}, {{384, 720}, 120}, {{576, 1056}, 264}, {{816, 1488}, 527}, {{1200, 2112}, 1100}}},
    {{100, 4000}, {{{48, 2496}, 52}, {{48, 3552}, 74}, {{96, 5040}, 210}, {{144, 7152}, 447}, {{240, 10128}, 1055}}},
    {{4000, 100}, {{{2496, 48}, 52}, {{3552, 48}, 74}, {{5040, 96}, 210}, {{7152, 144}, 447}, {{10128, 240}, 1055}}},
    {{48, 10000}, {{{48, 3360}, 70}, {{48, 6720}, 140}, {{48, 11568}, 241}, {{48, 16368}, 341}, {{96, 23184}, 966}}},
    {{10000, 48}, {{{3360, 48}, 70}, {{6720, 48}, 140}, {{11568, 48}, 241}, {{16368, 48}, 341}, {{23184, 96}, 966}}},
    {{34, 2785}, {{{48, 3360}, 70}, {{48, 5136}, 107}, {{48, 7248}, 151}, {{96, 10272}, 428}, {{144, 14496}, 906}}},
    {{1, 100}, {{{48, 3360}, 70}, {{48, 5664}, 118}, {{48, 8016}, 167}, {{96, 11328}, 472}, {{144, 16032}, 1002}}},
    {{5000, 1}, {{{3360, 48}, 70}, {{6720, 48}, 140}, {{13440, 48}, 280}, {{26880, 48}, 560}, {{53760, 48}, 1120}}},
    {{3, 900}, {{{48, 3360}, 70}, {{48, 6720}, 140}, {{48, 13440}, 280}, {{48, 19632}, 409}, {{48, 27792}, 579}}},
};
// clang-format on

TEST(ImageSize, FillsEachBudget) {
  for (const Worked& w : kWorked)
    for (size_t i = 0; i < kImageBudgets.size(); ++i) {
      SCOPED_TRACE(testing::PrintToString(w.image) + " at " + std::to_string(kImageBudgets[i]));
      const Size size = target_size(w.image, kImageBudgets[i]);
      EXPECT_EQ(size, w.targets[i].size);
      EXPECT_EQ(n_soft_tokens(size), w.targets[i].n_soft);
    }
}

// In exact arithmetic these sizes are whole multiples of 48; in doubles they fall just below, and lose a row or column.
TEST(ImageSize, LosesRowsWhereDoublesDo) {
  struct {
    int budget;
    Size image, target;
  } const cases[] = {
      {70, {170, 119}, {432, 288}},    {70, {77, 110}, {336, 432}},   {140, {77, 55}, {672, 432}},
      {280, {170, 119}, {912, 624}},   {280, {340, 238}, {912, 624}}, {280, {77, 110}, {672, 912}},
      {280, {119, 170}, {624, 912}},   {560, {119, 85}, {1296, 912}}, {1120, {170, 119}, {1872, 1296}},
      {280, {2128, 3040}, {672, 960}},  // single precision gives 672 x 912
  };
  for (const auto& c : cases) EXPECT_EQ(target_size(c.image, c.budget), c.target) << c.budget;
}

TEST(ImageSize, FollowsAnyRule) {
  const auto target = [](int patch, int max_patches, int pool, int height, int width) {
    const int side = patch * pool;
    return target_size({width, height},
                       {side, int64_t{max_patches} * patch * patch, max_patches / (pool * pool) * side});
  };
  EXPECT_EQ(target(16, 256, 1, 256, 256), (Size{256, 256}));
  EXPECT_EQ(target(16, 256, 1, 512, 512), (Size{256, 256}));
  EXPECT_EQ(target(10, 200, 1, 50, 10000), (Size{2000, 10}));
  EXPECT_EQ(target(10, 200, 1, 25, 10000), (Size{2000, 10}));
  EXPECT_EQ(target(10, 200, 1, 25, 20000), (Size{2000, 10}));
  EXPECT_EQ(target(16, 2304, 6, 2785, 34), (Size{96, 6144}));
  EXPECT_EQ(target(4, 64, 2, 50, 1000), (Size{128, 8}));
  EXPECT_EQ(target(5, 100, 3, 100, 100), (Size{45, 45}));
  EXPECT_EQ(target(5, 20, 3, 5, 100), (Size{30, 15}));
}

TEST(ImageSize, NeverExceedsTheBudget) {
  for (const int budget : kImageBudgets)
    for (int w = 1; w < 40000; w = w * 7 / 4 + 1)
      for (int h = 1; h < 40000; h = h * 9 / 5 + 1) {
        const Size size = target_size({w, h}, budget);
        EXPECT_LE(n_soft_tokens(size), budget);
        EXPECT_GE(n_soft_tokens(size), 1);
        EXPECT_EQ(size.width % kSoftTokenSide + size.height % kSoftTokenSide, 0);
      }
}

TEST(ImageSize, RefusesOtherBudgetsAndEmptyPictures) {
  for (const int budget : {0, -1, 1, 69, 256, 281, 1121}) EXPECT_THROW(target_size({640, 480}, budget), RequestError);
  EXPECT_THROW(target_size({0, 480}, 280), RequestError);
  EXPECT_THROW(target_size({640, 0}, 280), RequestError);
  EXPECT_THROW(target_size({-1, 10}, 280), RequestError);
  EXPECT_THROW(target_size({100, 100}, SizeRule{48, 100, 48}), RequestError);  // no side fits
}

}  // namespace
}  // namespace facet::media
