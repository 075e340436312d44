#include "media/image_size.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace facet::media {

Size target_size(Size image, int budget) {
  if (std::find(kImageBudgets.begin(), kImageBudgets.end(), budget) == kImageBudgets.end())
    throw_error<RequestError>("a picture of at most {} soft tokens: expected 70, 140, 280, 560 or 1120", budget);
  constexpr int64_t kArea = int64_t{kSoftTokenSide} * kSoftTokenSide;
  return target_size(image, {kSoftTokenSide, budget * kArea, int64_t{budget} * kSoftTokenSide});
}

Size target_size(Size image, const SizeRule& rule) {
  const int64_t w = image.width, h = image.height, side = rule.side;
  if (w < 1 || h < 1) throw_error<RequestError>("a picture of {} x {} pixels has nothing to see", w, h);
  // In doubles and in this order: for some ratios the last bit decides whether a row of tokens is lost, and the model
  // was trained with the rows lost that these operations lose.
  const double factor = std::sqrt(static_cast<double>(rule.max_area) / static_cast<double>(h * w));
  const auto fitted = [&](int64_t n) {
    return static_cast<int64_t>(std::floor((factor * static_cast<double>(n)) / static_cast<double>(side))) * side;
  };
  int64_t height = fitted(h), width = fitted(w);
  if (height == 0 && width == 0)
    throw_error<RequestError>("a picture of {} x {} pixels: {} pixels are too few for it", w, h, rule.max_area);
  if (height == 0) {
    height = side;
    width = std::min(w / h * side, rule.max_side);
  } else if (width == 0) {
    width = side;
    height = std::min(h / w * side, rule.max_side);
  }
  if (height * width > rule.max_area)
    throw_error<RequestError>("a picture of {} x {} pixels does not fit into {} pixels", w, h, rule.max_area);
  return {static_cast<int>(width), static_cast<int>(height)};
}

}  // namespace facet::media
