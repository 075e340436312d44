#include "media/image_budget.h"

#include <algorithm>

#include "base/error.h"
#include "media/detail_loss.h"

namespace facet::media {
namespace {

LossLimit limit_of(int budget) { return budget < kDefaultImageBudget ? kChanged : kHardToRead; }

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

// Throws where none fits.
int checked_largest(Size image, int budget, int max_soft) {
  if (const int most = largest_budget(image, budget, max_soft)) return most;
  throw_error<RequestError>("a picture of {} x {} pixels takes {} soft tokens at least, and there is room for {}",
                            image.width, image.height, n_soft_tokens(target_size(image, kImageBudgets.front())),
                            max_soft);
}

BudgetChoice choice(Size image, int budget, std::optional<double> lost, std::string why) {
  const Size size = target_size(image, budget);
  return {budget, size, n_soft_tokens(size), lost, std::move(why)};
}

std::string why_enough(Size image, int budget, double lost, double lost_before) {
  const Size size = target_size(image, budget);
  if (size.width >= image.width && size.height >= image.height)
    return fmt::format("{} shows every pixel, so more would show nothing more", budget);
  const std::string kept = fmt::format("{} keeps the detail of all but {}", budget, percent(lost));
  if (budget == kImageBudgets.front()) return kept;
  return fmt::format("{}, where the next smaller would lose that of {}", kept, percent(lost_before));
}

std::string why_no_more(int most, double lost, int max_soft) {
  const std::string loses = fmt::format("{} loses the detail of {}", most, percent(lost));
  if (most == kImageBudgets.back()) return loses + ", and the model takes no more for one picture";
  return fmt::format("{}, but there is room for {} soft tokens only", loses, max_soft);
}

BudgetChoice choose_as_wanted(Size image, int budget, int max_soft) {
  target_size(image, budget);  // throws for what is no budget
  const int most = checked_largest(image, budget, max_soft);
  std::string why = fmt::format("{} was asked for", budget);
  if (most != budget) why += fmt::format(", but there is room for {} soft tokens only", max_soft);
  return choice(image, most, std::nullopt, std::move(why));
}

BudgetChoice choose_by_detail(const Image& image, int max_soft) {
  const Size size{image.width, image.height};
  const int most = checked_largest(size, kImageBudgets.back(), max_soft);
  const Luma picture = luma(image);
  double lost_before = 0;
  for (size_t i = 0;; ++i) {
    const int budget = kImageBudgets[i];
    const double lost = lost_share(picture, target_size(size, budget), limit_of(budget));
    if (lost <= kLossAllowed) return choice(size, budget, lost, why_enough(size, budget, lost, lost_before));
    if (budget == most) return choice(size, most, lost, why_no_more(most, lost, max_soft));
    lost_before = lost;
  }
}

}  // namespace

int largest_budget(Size image, int most, int max_soft) {
  int largest = 0;
  for (const int budget : kImageBudgets)
    if (budget <= most && n_soft_tokens(target_size(image, budget)) <= max_soft) largest = budget;
  return largest;
}

std::optional<int> parse_image_budget(std::string_view text, int medium) {
  if (text == "auto") return std::nullopt;
  if (text == "low") return kImageBudgets.front();
  if (text == "medium") return medium;
  if (text == "high") return 560;
  if (text == "max") return kImageBudgets.back();
  for (const int budget : kImageBudgets)
    if (text == std::to_string(budget)) return budget;
  throw_error<RequestError>(
      "a picture budget of \"{}\": expected low, medium, high, max, auto, or a number of soft tokens: 70, 140, 280, "
      "560 "
      "or 1120",
      text);
}

BudgetChoice choose_budget(const Image& image, std::optional<int> wanted, int max_soft) {
  return wanted ? choose_as_wanted({image.width, image.height}, *wanted, max_soft) : choose_by_detail(image, max_soft);
}

}  // namespace facet::media
