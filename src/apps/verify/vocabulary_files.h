// Where golden files find the vocabulary that their ids belong to.
#pragma once

#include <filesystem>
#include <memory>

#include "text/tokenizer.h"

namespace facet::verify {

// The real vocabulary, where scripts/fetch-test-assets.sh puts it; empty when it is not there.
std::filesystem::path real_vocabulary();
// The small one, which any checkpoint beside the file's folder has; empty when there is none.
std::filesystem::path small_vocabulary(const std::filesystem::path& file);

std::shared_ptr<const text::Tokenizer> load_vocabulary(const std::filesystem::path& path);

}  // namespace facet::verify
