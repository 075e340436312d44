#include "media/tiles.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "media/detail_loss.h"

namespace facet::media {
namespace {

constexpr double kOverlap = 0.1;     // of a tile, with its neighbour: what lies across a border is whole in one of them
constexpr double kLossWorth = 0.05;  // of the picture: less is not worth several times the tokens
constexpr double kLongestTile = 2.5;  // its ratio, unless the picture is longer itself: lines are cut less often
constexpr double kGainWorth = 1.2;    // pixels a side, against the whole picture at once
constexpr double kLeftWorth = 0.8;    // of the loss of the whole picture: tiles that lose more still show too little

struct Grid {
  int n_columns = 1, n_rows = 1;
  Size tile;  // pixels of the picture
  int budget = 0;
  double scale = 0;  // pixels shown of a tile for one of the picture, on the worse side

  int n_tiles() const noexcept { return n_columns * n_rows; }
};

// Of n tiles, the last of which ends where the picture does.
int tile_length(int length, int n) {
  return std::min(length, static_cast<int>(std::ceil(length / (1 + (n - 1) * (1 - kOverlap)))));
}

double shown_scale(Size part, int budget) {
  const Size shown = target_size(part, budget);
  return std::min(static_cast<double>(shown.width) / part.width, static_cast<double>(shown.height) / part.height);
}

double ratio(Size s) { return static_cast<double>(std::max(s.width, s.height)) / std::min(s.width, s.height); }

// The grid of n tiles that are nearest to squares; a scale of 0 where they are slivers, or too large for the room.
Grid grid_of(Size image, int n, int max_soft) {
  Grid best;
  for (int n_rows = 1; n_rows <= n; ++n_rows) {
    if (n % n_rows != 0) continue;
    const Size tile{tile_length(image.width, n / n_rows), tile_length(image.height, n_rows)};
    if (n_rows == 1 || ratio(tile) < ratio(best.tile)) best = {n / n_rows, n_rows, tile, 0, 0};
  }
  best.budget = largest_budget(best.tile, kImageBudgets.back(), max_soft / n);
  if (best.budget > 0 && ratio(best.tile) <= std::max(kLongestTile, ratio(image)))
    best.scale = shown_scale(best.tile, best.budget);
  return best;
}

double lost_in(const Luma& picture, const Grid& grid) {
  const auto shown = [&](int length) { return std::max(1, static_cast<int>(length * std::min(grid.scale, 1.0))); };
  return lost_share(picture, {shown(picture.width), shown(picture.height)}, kHardToRead);
}

// What the picture is as a whole.
struct Whole {
  double scale = 0, lost = 0;
};

// A grid of one tile where none is worth it.
Grid choose_grid(const Luma& picture, int max_tiles, int max_soft, Whole whole) {
  Grid best;
  double least_lost = kLeftWorth * whole.lost;
  for (int n = 2; n <= max_tiles && least_lost > kLossAllowed; ++n) {
    const Grid grid = grid_of({picture.width, picture.height}, n, max_soft);
    if (grid.scale <= std::max(kGainWorth * whole.scale, best.scale)) continue;
    const double lost = lost_in(picture, grid);
    if (lost >= least_lost) continue;
    best = grid;
    least_lost = lost;
  }
  return best;
}

Tile make_tile(const Image& image, const Grid& grid, int row, int column) {
  // Starts are spread evenly from the first pixel to where the last tile must start.
  const auto start = [](int length, int tile, int i, int n) {
    return n == 1 ? 0 : static_cast<int>(int64_t{length - tile} * i / (n - 1));
  };
  const Rect part{start(image.width, grid.tile.width, column, grid.n_columns),
                  start(image.height, grid.tile.height, row, grid.n_rows), grid.tile.width, grid.tile.height};
  const int max_soft = n_soft_tokens(target_size(grid.tile, grid.budget));
  return {part, choose_budget(crop(image, part), std::nullopt, max_soft),
          fmt::format("tile row {} of {}, column {} of {}, pixels x {} to {}, y {} to {}", row + 1, grid.n_rows,
                      column + 1, grid.n_columns, part.x, part.x + part.width - 1, part.y, part.y + part.height - 1)};
}

}  // namespace

Image crop(const Image& image, Rect part) {
  Image out{part.width, part.height, {}};
  const auto row_bytes = 3 * static_cast<size_t>(part.width);
  out.rgb.reserve(row_bytes * static_cast<size_t>(part.height));
  for (int y = part.y; y < part.y + part.height; ++y) {
    const size_t first = 3 * (static_cast<size_t>(y) * static_cast<size_t>(image.width) + static_cast<size_t>(part.x));
    const auto row = image.rgb.begin() + static_cast<std::ptrdiff_t>(first);
    out.rgb.insert(out.rgb.end(), row, row + static_cast<std::ptrdiff_t>(row_bytes));
  }
  return out;
}

int TilePlan::n_soft() const noexcept {
  return std::accumulate(tiles.begin(), tiles.end(), overview.n_soft,
                         [](int n, const Tile& tile) { return n + tile.choice.n_soft; });
}

TilePlan plan_tiles(const Image& image, const TileLimits& limits) {
  TilePlan plan{choose_budget(image, std::nullopt, limits.max_soft), {}, {}};
  const Size size{image.width, image.height};
  const Luma picture = luma(image);
  const double lost = lost_share(picture, plan.overview.size, kHardToRead);
  if (lost <= kLossWorth) {
    plan.why = "the picture is shown whole: " + plan.overview.why;
    return plan;
  }
  const BudgetChoice overview = choose_budget(image, kImageBudgets.front(), limits.max_soft);
  const Grid grid = choose_grid(picture, limits.max_tiles, limits.max_soft - overview.n_soft,
                                {shown_scale(size, plan.overview.budget), lost});
  if (grid.n_tiles() == 1) {
    plan.why = fmt::format(
        "{:.1f} % of the picture lose their detail in one piece, but tiles that show enough more do not fit: {} tiles "
        "and {} soft tokens are allowed",
        100 * lost, limits.max_tiles, limits.max_soft);
    return plan;
  }
  plan.overview = overview;
  for (int row = 0; row < grid.n_rows; ++row)
    for (int column = 0; column < grid.n_columns; ++column) plan.tiles.push_back(make_tile(image, grid, row, column));
  plan.why = fmt::format("{:.1f} % of the picture lose their detail in one piece, {:.1f} % in {} rows of {} tiles",
                         100 * lost, 100 * lost_in(picture, grid), grid.n_rows, grid.n_columns);
  return plan;
}

}  // namespace facet::media
