// What keys and values depend on, as numbers: of a model, of one position, and of a page with all that comes before it.
// Equal numbers: equal state, to the bit where the backend's results do not depend on how rows were grouped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/engine.h"
#include "runtime/prompt.h"

namespace facet::runtime {

// A page and everything before it.
using PageId = ContentKey;
struct PageIdHash {
  size_t operator()(const PageId& id) const noexcept { return static_cast<size_t>(id.low); }
};

// Of the weights (their sizes and a sample of their bytes), the configuration, the precision of the cache and what else
// changes numbers. The id before every first page.
PageId model_fingerprint(const Engine& engine);

// What stands at each position: a token, or a row of a medium. Media differ in 63 bits of their hash at every row.
using PositionContent = uint64_t;
std::vector<PositionContent> position_contents(const PromptView& prompt);

// previous: of the page before, or the model's fingerprint.
PageId page_id(const PageId& previous, std::span<const PositionContent> page);

}  // namespace facet::runtime
