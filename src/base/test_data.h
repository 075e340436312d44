// Where tests find their data: $FACET_GOLDENS and $FACET_CONFORMANCE, or ../shared beside the checkout; downloads in
// $FACET_TEST_ASSETS or build/assets.
#pragma once

#include <cstdlib>
#include <filesystem>
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

// Downloads that scripts/fetch-test-assets.sh makes: the real vocabulary and model.
inline std::string asset_path(const std::string& name) {
  const char* root = std::getenv("FACET_TEST_ASSETS");
  return std::string(root != nullptr ? root : "build/assets") + "/" + name;
}

// In a test, or its SetUp(): skips where the folder as a whole is not on this machine. A file missing inside it is a
// failure of whoever opens it.
#define SKIP_WITHOUT_GOLDENS() \
  if (!std::filesystem::exists(golden_path(""))) GTEST_SKIP() << "needs " << golden_path("")
#define SKIP_WITHOUT_CONFORMANCE() \
  if (!std::filesystem::exists(conformance_path(""))) GTEST_SKIP() << "needs " << conformance_path("")
// Skips where a download is not there.
#define SKIP_WITHOUT_ASSET(name)                  \
  if (!std::filesystem::exists(asset_path(name))) \
  GTEST_SKIP() << name << " was not downloaded (scripts/fetch-test-assets.sh)"

}  // namespace facet
