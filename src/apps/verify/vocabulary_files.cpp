#include "apps/verify/vocabulary_files.h"

#include <cstdlib>

#include "apps/model_options.h"
#include "base/mapped_file.h"

namespace facet::verify {

namespace fs = std::filesystem;

fs::path real_vocabulary() {
  const char* assets = std::getenv("FACET_TEST_ASSETS");
  for (const fs::path& folder : {fs::path(assets == nullptr ? "build/assets" : assets), fs::path(apps::facet_home())})
    if (fs::exists(folder / "gemma4-tokenizer.json")) return folder / "gemma4-tokenizer.json";
  return {};
}

fs::path small_vocabulary(const fs::path& file) {
  const fs::path checkpoints = fs::weakly_canonical(file).parent_path().parent_path() / "checkpoints";
  if (fs::exists(checkpoints))
    for (const auto& entry : fs::directory_iterator(checkpoints))
      if (fs::exists(entry.path() / "tokenizer.json")) return entry.path() / "tokenizer.json";
  return {};
}

std::shared_ptr<const text::Tokenizer> load_vocabulary(const fs::path& path) {
  const MappedFile map(path.string());
  return text::Tokenizer::from_json({reinterpret_cast<const char*>(map.bytes().data()), map.bytes().size()},
                                    path.string());
}

}  // namespace facet::verify
