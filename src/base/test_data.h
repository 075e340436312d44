// Where tests find the golden files: $FACET_GOLDENS and $FACET_CONFORMANCE, or ../shared beside the checkout.
#pragma once

#include <cstdlib>
#include <string>

namespace facet {

inline std::string golden_path(const std::string& name) {
  const char* root = std::getenv("FACET_GOLDENS");
  return std::string(root != nullptr ? root : "../shared/goldens") + "/" + name;
}

inline std::string conformance_path(const std::string& name) {
  const char* root = std::getenv("FACET_CONFORMANCE");
  return std::string(root != nullptr ? root : "../shared/conformance") + "/" + name;
}

}  // namespace facet
