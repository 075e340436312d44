// Pictures with more detail than the model can be shown at once are shown in pieces.
#pragma once

#include <string>
#include <vector>

#include "media/image.h"
#include "media/image_budget.h"

namespace facet::media {

struct Rect {
  int x = 0, y = 0, width = 0, height = 0;  // pixels
  friend bool operator==(const Rect&, const Rect&) = default;
};
Image crop(const Image& image, Rect part);

struct Tile {
  Rect part;
  BudgetChoice choice;  // for this part alone: what is empty is given little
  std::string label;    // for the prompt, before the tile: which one it is, and of which pixels
};

struct TilePlan {
  BudgetChoice overview;    // the whole picture, shown first; as small as can be where there are tiles
  std::vector<Tile> tiles;  // row by row, neighbours overlapping by a tenth; empty: the overview shows enough
  std::string why;          // one sentence

  int n_soft() const noexcept;  // of all together
};

struct TileLimits {
  int max_tiles = 12;
  int max_soft = 0;  // of all tiles and the overview; markers and labels need room of their own
};

// Tiles where parts of the picture would lose their detail at the largest budget, and pieces help: as few of them as
// keep its detail, or the number within the limits that keeps most. Otherwise the choice that choose_budget makes.
// Throws RequestError where not even the overview fits.
TilePlan plan_tiles(const Image& image, const TileLimits& limits);

}  // namespace facet::media
