// The page's own files: which one a path means, and as what it is sent.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace facet::server {

struct ServedFile {
  std::string_view type;  // "text/css; charset=utf-8"
  std::string etag;       // of these bytes, with quotes
  std::string bytes;
  bool is_compressed = false;  // gzip
};

// Thread-safe.
class PageFiles {
 public:
  // folder: read anew each time; empty: what was built in.
  explicit PageFiles(std::string folder) : folder_(std::move(folder)) {}

  // name: below web/, of letters, digits, "-", "_", "." and "/", and nothing hidden. None: there is no such file.
  std::optional<ServedFile> find(const std::string& name, bool takes_gzip);

 private:
  std::optional<std::string> read(const std::string& name) const;

  const std::string folder_;
  std::mutex mutex_;
  std::map<std::string, ServedFile> compressed_;  // of those that were built in
};

// By the end of its name.
std::string_view type_of_file(std::string_view name);

}  // namespace facet::server
