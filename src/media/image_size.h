// The size a picture is resized to before the vision tower sees it, and how many soft tokens it costs. A budget is the
// most soft tokens a picture may take; a soft token covers 48 x 48 pixels.
#pragma once

#include <array>
#include <cstdint>

namespace facet::media {

struct Size {
  int width = 0, height = 0;
  friend bool operator==(const Size&, const Size&) = default;
};

constexpr int kSoftTokenSide = 48;  // pixels: 16 x 16 patches, pooled 3 x 3
constexpr std::array<int, 5> kImageBudgets = {70, 140, 280, 560, 1120};
constexpr int kDefaultImageBudget = 280, kVideoFrameBudget = 70;

// Targets are multiples of `side`, of at most `max_area` pixels; a picture so long that its short side would vanish
// keeps one `side`, and its long one is cut at `max_side`.
struct SizeRule {
  int side = 0;
  int64_t max_area = 0, max_side = 0;
};

// Fills the budget: large pictures shrink and small ones grow, each side rounded down to a multiple of 48. Throws
// RequestError where the picture is empty or the budget is none of kImageBudgets.
Size target_size(Size image, int budget);

// The same for any rule; throws RequestError where no size fits.
Size target_size(Size image, const SizeRule& rule);

// Of a size that target_size gave.
constexpr int n_soft_tokens(Size target) noexcept {
  return (target.width / kSoftTokenSide) * (target.height / kSoftTokenSide);
}

}  // namespace facet::media
