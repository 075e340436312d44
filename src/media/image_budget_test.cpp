#include "media/image_budget.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "media/detail_loss.h"
#include "media/drawn_pictures.h"

namespace facet::media {
namespace {

constexpr int kRoom = 10'000;

int automatic(const Image& image) { return choose_budget(image, std::nullopt, kRoom).budget; }

TEST(ImageBudget, HasNamesAndNumbers) {
  EXPECT_EQ(parse_image_budget("auto"), std::nullopt);
  EXPECT_EQ(parse_image_budget("low"), 70);
  EXPECT_EQ(parse_image_budget("140"), 140);
  EXPECT_EQ(parse_image_budget("medium"), 280);
  EXPECT_EQ(parse_image_budget("high"), 560);
  EXPECT_EQ(parse_image_budget("max"), 1120);
  for (const char* text : {"", "Low", "100", "280 ", "-70", "all"})
    EXPECT_THROW(parse_image_budget(text), RequestError) << text;
}

TEST(ImageBudget, AsAskedForCostsNoLook) {
  const BudgetChoice c = choose_budget(flat(640, 480, 0), 560, kRoom);
  EXPECT_EQ(c.budget, 560);
  EXPECT_EQ(c.size, (Size{1296, 960}));
  EXPECT_EQ(c.n_soft, 540);
  EXPECT_FALSE(c.lost.has_value());
  EXPECT_EQ(c.why, "560 was asked for");
}

// 4:3 pictures take 63, 130, 266, 540 or 1064 soft tokens.
TEST(ImageBudget, StaysInTheRoomThereIs) {
  const Image image = flat(640, 480, 0);
  EXPECT_EQ(choose_budget(image, 560, 540).budget, 560);
  const BudgetChoice c = choose_budget(image, 560, 539);
  EXPECT_EQ(c.budget, 280);
  EXPECT_EQ(c.n_soft, 266);
  EXPECT_EQ(c.why, "560 was asked for, but there is room for 539 soft tokens only");
  EXPECT_EQ(choose_budget(page(1600, 1200, 16), std::nullopt, 150).budget, 140);
  EXPECT_THROW(choose_budget(image, 560, 62), RequestError);
  EXPECT_THROW(choose_budget(image, std::nullopt, 62), RequestError);
}

TEST(ImageBudget, RefusesOthersAndEmptyPictures) {
  EXPECT_THROW(choose_budget(flat(640, 480, 0), 300, kRoom), RequestError);
  EXPECT_THROW(choose_budget(Image{}, std::nullopt, kRoom), RequestError);
}

TEST(AutoBudget, IsLeastWhereThereIsNothingToSee) {
  EXPECT_EQ(automatic(flat(1200, 900, 90)), 70);
  Image gradient = flat(1200, 900, 0);
  for (int x = 0; x < 1200; ++x) fill(gradient, x, 0, 1, 900, static_cast<uint8_t>(x * 255 / 1199));
  EXPECT_EQ(automatic(gradient), 70);
  EXPECT_EQ(automatic(scenery(1200, 900, 64)), 70);  // out of focus
}

TEST(AutoBudget, OfPhotographsIsTheModelsOwn) { EXPECT_EQ(automatic(scenery(1200, 900, 2)), 280); }

TEST(AutoBudget, GrowsAsPrintGetsSmaller) {
  EXPECT_EQ(automatic(page(1700, 2200, 60)), 280);
  EXPECT_EQ(automatic(page(1700, 2200, 30)), 560);
  EXPECT_EQ(automatic(page(1700, 2200, 16)), 1120);
}

TEST(AutoBudget, SeesLinesOfPrintUnderAPhotograph) {
  Image image = scenery(1400, 1000, 8);
  ASSERT_LE(automatic(image), 280);
  fill(image, 0, 880, 1400, 80, 255);
  print_lines(image, 7, 880, 960);
  EXPECT_GT(automatic(image), 280);
}

TEST(AutoBudget, SeesThinLinesAndColouredPrint) {
  Image drawing = flat(2400, 1800, 255);
  for (int y = 10; y < 1800; y += 40) fill(drawing, 0, y, 2400, 1, 0);
  EXPECT_GT(automatic(drawing), 280);
  Image blue = page(1700, 2200, 16);
  for (size_t i = 0; i < blue.rgb.size(); ++i)
    if (i % 3 != 2) blue.rgb[i] = 0;  // black and blue
  EXPECT_GT(automatic(blue), 280);
}

TEST(AutoBudget, NeverEnlargesForNothing) {
  const BudgetChoice c = choose_budget(page(360, 330, 9), std::nullopt, kRoom);
  EXPECT_EQ(c.budget, 70);
  EXPECT_EQ(c.lost, 0);
  EXPECT_EQ(c.why, "70 shows every pixel, so more would show nothing more");
  EXPECT_EQ(automatic(page(800, 600, 9)), 280);
}

TEST(AutoBudget, SaysWhatItFound) {
  const BudgetChoice c = choose_budget(page(1700, 2200, 30), std::nullopt, kRoom);
  ASSERT_TRUE(c.lost.has_value());
  EXPECT_LT(*c.lost, kLossAllowed);
  EXPECT_TRUE(c.why.starts_with("560 keeps the detail of all but 0.")) << c.why;
  const BudgetChoice cut = choose_budget(page(1700, 2200, 16), std::nullopt, 300);
  EXPECT_EQ(cut.budget, 280);
  EXPECT_GT(cut.lost.value(), 0.5);
  EXPECT_TRUE(cut.why.ends_with("but there is room for 300 soft tokens only")) << cut.why;
}

TEST(LostShare, OfACheckerboardIsAllOrNothing) {
  Image board = flat(640, 640, 0);
  for (int y = 0; y < 640; ++y)
    for (int x = y % 2; x < 640; x += 2) fill(board, x, y, 1, 1, 255);
  const Luma picture = luma(board);
  EXPECT_EQ(lost_share(picture, {640, 640}, kHardToRead), 0);
  EXPECT_EQ(lost_share(picture, {2000, 700}, kHardToRead), 0);
  EXPECT_EQ(lost_share(picture, {320, 320}, kHardToRead), 1);
  EXPECT_EQ(lost_share(picture, {320, 640}, kHardToRead), 1);
  EXPECT_EQ(lost_share(picture, {50, 50}, kHardToRead), 1);
}

TEST(LostShare, IsThatOfTheAreaWithDetail) {
  Image image = flat(1280, 1280, 128);
  for (int x = 0; x < 1280; x += 2) fill(image, x, 320, 1, 320, 255);  // a quarter of the picture
  EXPECT_DOUBLE_EQ(lost_share(luma(image), {640, 640}, kHardToRead), 0.25);
}

TEST(LostShare, OfLongPicturesIsFound) {
  Image image = flat(100'000, 1, 0);
  for (int x = 0; x < 100'000; x += 2) fill(image, x, 0, 1, 1, 255);
  EXPECT_EQ(lost_share(luma(image), target_size({100'000, 1}, 280), kHardToRead), 1);
}

}  // namespace
}  // namespace facet::media
