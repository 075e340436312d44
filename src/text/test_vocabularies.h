// The vocabularies that the tests of text/ share.
#pragma once

#include <fstream>
#include <sstream>
#include <vector>

#include "base/test_data.h"
#include "text/tokenizer.h"

namespace facet::text {

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

inline std::shared_ptr<const Tokenizer> load(const std::string& path) {
  return Tokenizer::from_json(read_file(path), path);
}

// 1536 entries, built like the real one.
inline std::shared_ptr<const Tokenizer> tiny() {
  static const auto tokenizer = load(golden_path("checkpoints/tiny-e2b/tokenizer.json"));
  return tokenizer;
}

// The real vocabulary of Gemma 4, or nothing where it was not downloaded.
inline std::shared_ptr<const Tokenizer> real() {
  static const auto tokenizer = [] {
    const std::string path = asset_path("gemma4-tokenizer.json");
    return std::ifstream(path) ? load(path) : nullptr;
  }();
  return tokenizer;
}
#define REQUIRE_REAL() \
  if (real() == nullptr) GTEST_SKIP() << "the real vocabulary was not downloaded (scripts/fetch-test-assets.sh)"

// What is there of them.
inline std::vector<const Tokenizer*> vocabularies() {
  std::vector<const Tokenizer*> all{tiny().get()};
  if (real() != nullptr) all.push_back(real().get());
  return all;
}

}  // namespace facet::text
