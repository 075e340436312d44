// Where keys and values are kept between runs: $FACET_HOME/cache, a folder for each model (runtime/prefix_cache.h).
#pragma once

#include <memory>
#include <string>

#include "runtime/prefix_cache.h"

namespace facet::apps {

std::string cache_folder();

// What EngineOptions::cache_bytes should be for it.
constexpr int64_t kCacheBytes = int64_t{512} << 20;

// The pages of the engine's model; a line on stderr when the disk does not take them.
std::shared_ptr<runtime::PrefixCache> open_kept_pages(const std::shared_ptr<const runtime::Engine>& engine);

}  // namespace facet::apps
