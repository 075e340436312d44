#include "apps/kept_pages.h"

#include <fmt/format.h>

#include "apps/model_options.h"
#include "base/error.h"

namespace facet::apps {

std::string cache_folder() { return facet_home() + "/cache"; }

std::shared_ptr<runtime::PrefixCache> open_kept_pages(const std::shared_ptr<const runtime::Engine>& engine) {
  runtime::PrefixCacheOptions options;
  options.folder = cache_folder();
  options.on_warning = [](const std::string& message) { fmt::print(stderr, "facet: {}\n", printable(message)); };
  return std::make_shared<runtime::PrefixCache>(engine, options);
}

}  // namespace facet::apps
