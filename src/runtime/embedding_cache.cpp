#include "runtime/embedding_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "safetensors/reader.h"
#include "safetensors/writer.h"

namespace facet::runtime {
namespace {

namespace fs = std::filesystem;

int64_t bytes_of(const Embedding& e) { return static_cast<int64_t>(e.values.size() * sizeof(float)); }

std::string checksum(std::span<const float> values) {
  return fmt::format("{:016x}", XXH3_64bits(values.data(), values.size_bytes()));
}

bool fits(const Embedding& e, int n_rows, int n_cols, bool is_bidirectional) {
  return e.n_rows == n_rows && e.n_cols == n_cols && e.is_bidirectional == is_bidirectional;
}

// Removes what was not used for longest until `limit` bytes are left.
void shrink(const std::string& folder, int64_t limit) {
  struct File {
    fs::file_time_type time;
    int64_t bytes;
    fs::path path;
  };
  std::vector<File> files;
  std::error_code error;
  int64_t total = 0;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code gone;
    const File file{entry->last_write_time(gone), static_cast<int64_t>(entry->file_size(gone)), entry->path()};
    if (gone || file.path.extension() != ".safetensors") continue;
    total += file.bytes;
    files.push_back(file);
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.time < b.time; });
  for (const File& file : files) {
    if (total <= limit) return;
    if (fs::remove(file.path, error)) total -= file.bytes;
  }
}

}  // namespace

std::string EmbeddingCache::file_of(const ContentKey& key) const {
  return fmt::format("{}/{:016x}{:016x}.safetensors", options_.folder, key.high, key.low);
}

int64_t EmbeddingCache::memory_bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void EmbeddingCache::keep(std::shared_ptr<const Embedding> embedding) {
  const std::lock_guard lock(mutex_);
  std::erase_if(kept_, [&](const auto& e) {
    if (e->key != embedding->key) return false;
    bytes_ -= bytes_of(*e);
    return true;
  });
  bytes_ += bytes_of(*embedding);
  kept_.push_front(std::move(embedding));
  while (bytes_ > options_.memory_bytes) {
    bytes_ -= bytes_of(*kept_.back());
    kept_.pop_back();
  }
}

std::shared_ptr<const Embedding> EmbeddingCache::find(const ContentKey& key, int n_rows, int n_cols,
                                                      bool is_bidirectional) {
  {
    const std::lock_guard lock(mutex_);
    const auto at = std::find_if(kept_.begin(), kept_.end(), [&](const auto& e) {
      return e->key == key && fits(*e, n_rows, n_cols, is_bidirectional);
    });
    if (at != kept_.end()) {
      kept_.splice(kept_.begin(), kept_, at);
      return kept_.front();
    }
  }
  if (options_.folder.empty()) return nullptr;
  auto found = read(key, n_rows, n_cols);
  if (found == nullptr) return nullptr;
  if (found->is_bidirectional != is_bidirectional) {
    auto other = std::make_shared<Embedding>(*found);
    other->is_bidirectional = is_bidirectional;
    found = std::move(other);
  }
  keep(found);
  return found;
}

std::shared_ptr<const Embedding> EmbeddingCache::read(const ContentKey& key, int n_rows, int n_cols) const {
  const std::string path = file_of(key);
  std::error_code error;
  if (!fs::exists(path, error)) return nullptr;
  try {
    const auto file = safetensors::File::open(path);
    const safetensors::Tensor* rows = file.find("rows");
    const auto sum = file.metadata().find("xxh3");
    if (rows != nullptr && sum != file.metadata().end() &&
        rows->shape == std::vector<uint64_t>{static_cast<uint64_t>(n_rows), static_cast<uint64_t>(n_cols)}) {
      auto e = std::make_shared<Embedding>(Embedding{key, n_rows, n_cols, false, file.to_f32("rows")});
      if (checksum(e->values) == sum->second) {
        fs::last_write_time(path, fs::file_time_type::clock::now(), error);  // used now
        return e;
      }
    }
  } catch (const std::exception&) {  // damaged, or gone meanwhile
  }
  fs::remove(path, error);
  return nullptr;
}

// Looking at a folder of many files takes as long as writing several.
bool EmbeddingCache::is_time_to_shrink(int64_t written) const {
  const std::lock_guard lock(mutex_);
  unchecked_bytes_ += written;
  if (unchecked_bytes_ < options_.disk_bytes / 64) return false;
  unchecked_bytes_ = 0;
  return true;
}

void EmbeddingCache::put(std::shared_ptr<const Embedding> embedding) {
  if (!options_.folder.empty()) write(*embedding);
  keep(std::move(embedding));
}

void EmbeddingCache::write(const Embedding& e) const {
  std::error_code error;
  fs::create_directories(options_.folder, error);
  try {
    const safetensors::TensorToWrite rows{"rows",
                                          safetensors::Dtype::F32,
                                          {static_cast<uint64_t>(e.n_rows), static_cast<uint64_t>(e.n_cols)},
                                          std::as_bytes(std::span(e.values))};
    safetensors::write(file_of(e.key), {&rows, 1}, {{"xxh3", checksum(e.values)}});
    if (is_time_to_shrink(bytes_of(e))) shrink(options_.folder, options_.disk_bytes);
  } catch (const std::exception&) {  // a full or closed disk costs time later, and nothing else
  }
}

}  // namespace facet::runtime
