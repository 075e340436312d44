#include "media/tiles.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "media/drawn_pictures.h"

namespace facet::media {
namespace {

TEST(Crop, TakesThePixelsOfAPart) {
  Image image{4, 3, {}};
  for (uint8_t i = 0; i < 36; ++i) image.rgb.push_back(i);
  const Image part = crop(image, {1, 1, 2, 2});
  EXPECT_EQ(part.width, 2);
  EXPECT_EQ(part.height, 2);
  EXPECT_EQ(part.rgb, (std::vector<uint8_t>{15, 16, 17, 18, 19, 20, 27, 28, 29, 30, 31, 32}));
}

TEST(Tiles, AreNotForWhatCanBeReadWhole) {
  const TilePlan plan = plan_tiles(page(1700, 2200, 30), {12, 20'000});
  EXPECT_TRUE(plan.tiles.empty());
  EXPECT_EQ(plan.overview.budget, 560);
  EXPECT_EQ(plan.n_soft(), plan.overview.n_soft);
  EXPECT_TRUE(plan.why.starts_with("the picture is shown whole")) << plan.why;
}

class LargePage : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    image_ = page(2600, 2000, 10);
    plan_ = plan_tiles(image_, {12, 20'000});
  }
  static inline Image image_;
  static inline TilePlan plan_;
};

TEST_F(LargePage, IsShownInTilesThatCanBeRead) {
  ASSERT_GE(plan_.tiles.size(), 2u);
  EXPECT_EQ(plan_.overview.budget, 70);
  for (const Tile& tile : plan_.tiles) EXPECT_LT(tile.choice.lost.value(), 0.02) << tile.label;
}

TEST_F(LargePage, IsCoveredByTilesThatOverlapByATenth) {
  const auto& tiles = plan_.tiles;
  const Rect first = tiles.front().part, last = tiles.back().part;
  EXPECT_EQ(first.x + first.y, 0);
  EXPECT_EQ(last.x + last.width, 2600);
  EXPECT_EQ(last.y + last.height, 2000);
  for (size_t i = 1; i < tiles.size(); ++i) {
    const Rect a = tiles[i - 1].part, b = tiles[i].part;
    EXPECT_EQ(a.width, b.width);
    EXPECT_EQ(a.height, b.height);
    if (b.y == a.y)
      EXPECT_NEAR(a.x + a.width - b.x, a.width / 10, 2);
    else
      EXPECT_NEAR(a.y + a.height - b.y, a.height / 10, 2);
  }
}

TEST_F(LargePage, StaysInTheRoomThereIs) {
  for (const int max_soft : {63, 1200, 2500}) {
    const TilePlan plan = plan_tiles(image_, {12, max_soft});
    EXPECT_LE(plan.n_soft(), max_soft);
    EXPECT_EQ(plan.tiles.empty(), max_soft <= 1200) << max_soft;
    EXPECT_LE(plan.tiles.size(), 12u);
  }
  EXPECT_LE(plan_tiles(image_, {4, 20'000}).tiles.size(), 4u);
  EXPECT_TRUE(plan_tiles(image_, {1, 20'000}).tiles.empty());
  EXPECT_THROW(plan_tiles(image_, {12, 20}), RequestError);
}

TEST_F(LargePage, SpendsLittleOnEmptyTiles) {
  Image half = image_;
  fill(half, 900, 0, 1700, 2000, 255);
  const auto tiles = plan_tiles(half, {12, 20'000}).tiles;
  ASSERT_FALSE(tiles.empty());
  EXPECT_EQ(tiles.front().choice.budget, 1120);
  EXPECT_EQ(tiles.back().choice.budget, 70);
}

TEST_F(LargePage, SaysWhichPartATileIs) {
  const auto& tiles = plan_.tiles;
  ASSERT_EQ(tiles.size(), 2u);
  EXPECT_EQ(tiles[0].label, "tile row 1 of 1, column 1 of 2, pixels x 0 to 1368, y 0 to 1999");
  EXPECT_EQ(tiles[1].label, "tile row 1 of 1, column 2 of 2, pixels x 1231 to 2599, y 0 to 1999");
}

TEST(Tiles, OfALongPictureLieInARow) {
  const auto tiles = plan_tiles(page(14000, 300, 10), {12, 20'000}).tiles;
  ASSERT_FALSE(tiles.empty());
  for (const Tile& tile : tiles) EXPECT_EQ(tile.part.height, 300);
}

}  // namespace
}  // namespace facet::media
