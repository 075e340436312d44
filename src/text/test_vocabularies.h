// The vocabularies that the tests of text/ share.
#pragma once

#include <filesystem>
#include <vector>

#include "base/file.h"
#include "base/test_data.h"
#include "text/tokenizer.h"

namespace facet::text {

inline std::shared_ptr<const Tokenizer> load_if_there(const std::string& path) {
  return std::filesystem::exists(path) ? Tokenizer::from_json(read_file(path), path) : nullptr;
}

// 1536 entries, built like the real one; nothing without the golden folder.
inline std::shared_ptr<const Tokenizer> tiny() {
  static const std::string path = golden_path("checkpoints/tiny-e2b/tokenizer.json");
  static const auto tokenizer =
      std::filesystem::exists(golden_path("")) ? Tokenizer::from_json(read_file(path), path) : nullptr;
  return tokenizer;
}

// The real vocabularies of Gemma 4 and Gemma 3, where they were downloaded.
inline std::shared_ptr<const Tokenizer> real() {
  static const auto tokenizer = load_if_there(asset_path("gemma4-tokenizer.json"));
  return tokenizer;
}
inline std::shared_ptr<const Tokenizer> real_gemma3() {
  static const auto tokenizer = load_if_there(asset_path("gemma3-tokenizer.json"));
  return tokenizer;
}

#define SKIP_WITHOUT_REAL() \
  if (real() == nullptr) GTEST_SKIP() << "the real vocabulary was not downloaded (scripts/fetch-test-assets.sh)"

// What is there of Gemma 4's.
inline std::vector<const Tokenizer*> vocabularies() {
  std::vector<const Tokenizer*> all;
  for (const Tokenizer* tokenizer : {tiny().get(), real().get()})
    if (tokenizer != nullptr) all.push_back(tokenizer);
  return all;
}

}  // namespace facet::text
