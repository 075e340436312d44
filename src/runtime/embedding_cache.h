// Embeddings of media by key: in memory, and where a folder is given on disk too, so that a picture is encoded once
// whichever program shows it again. Nothing depends on it: what is missing or damaged is encoded again.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "runtime/prompt.h"

namespace facet::runtime {

struct EmbeddingCacheOptions {
  int64_t memory_bytes = int64_t{256} << 20;
  std::string folder;  // empty: memory alone. Files are KEY.safetensors, a tensor "rows" each
  int64_t disk_bytes = int64_t{1} << 30;
};

// Shared by threads.
class EmbeddingCache {
 public:
  explicit EmbeddingCache(EmbeddingCacheOptions options = {}) : options_(std::move(options)) {}

  // Nothing when it is not there, or has another shape.
  std::shared_ptr<const Embedding> find(const ContentKey& key, int n_rows, int n_cols, bool is_bidirectional);
  void put(std::shared_ptr<const Embedding> embedding);

  int64_t memory_bytes() const;

 private:
  std::shared_ptr<const Embedding> read(const ContentKey& key, int n_rows, int n_cols) const;
  void write(const Embedding& embedding) const;
  bool is_time_to_shrink(int64_t written) const;
  void keep(std::shared_ptr<const Embedding> embedding);
  std::string file_of(const ContentKey& key) const;

  EmbeddingCacheOptions options_;
  mutable std::mutex mutex_;
  std::list<std::shared_ptr<const Embedding>> kept_;  // last used first
  int64_t bytes_ = 0;
  mutable int64_t unchecked_bytes_ = 0;  // written since the folder was looked at
};

}  // namespace facet::runtime
