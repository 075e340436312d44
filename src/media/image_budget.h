// How many soft tokens a picture is given: as asked, or by what there is to see in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "media/image.h"
#include "media/image_size.h"

namespace facet::media {

// "low" 70, "medium" what the model takes when nothing is said, "high" 560, "max" 1120, or one of kImageBudgets as a
// number; empty for "auto". Throws RequestError for anything else.
std::optional<int> parse_image_budget(std::string_view text, int medium = kDefaultImageBudget);

// The largest budget of at most `most` by which the picture takes no more than max_soft tokens; 0: there is none.
int largest_budget(Size image, int most, int max_soft);

struct BudgetChoice {
  int budget = 0;
  Size size;                   // to resize the picture to
  int n_soft = 0;              // what it costs, at most the budget
  std::optional<double> lost;  // the share of its area whose detail cannot be seen at this size, where it was looked at
  std::string why;             // one sentence
};

// `wanted` as parse_image_budget gives it. Empty: the smallest budget that keeps the detail; going below the model's
// own choice of 280 takes a picture that loses next to nothing by it. Never more than max_soft tokens: a smaller budget
// is taken then, and said so; RequestError where even the smallest does not fit, or `wanted` is no budget.
BudgetChoice choose_budget(const Image& image, std::optional<int> wanted, int max_soft);

}  // namespace facet::media
