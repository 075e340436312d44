// The page's own files: which one a path means, and as what it is sent.
#pragma once

#include <future>
#include <map>
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

using CompressedFiles = std::map<std::string_view, ServedFile>;

// Thread-safe.
class PageFiles {
 public:
  // folder: read anew each time, and sent as it is; empty: what was built in, of which compressed copies are made on
  // another thread, for which the destructor waits: it takes a tenth of a second.
  explicit PageFiles(std::string folder);

  // name: below web/, of letters, digits, "-", "_", "." and "/", and nothing hidden. None: there is no such file.
  // Waits for nothing: until they are made, there are no compressed ones.
  std::optional<ServedFile> find(const std::string& name, bool takes_gzip) const;

 private:
  const ServedFile* find_compressed(const std::string& name) const;

  const std::string folder_;
  std::shared_future<CompressedFiles> compressed_;
};

// By the end of its name.
std::string_view type_of_file(std::string_view name);

}  // namespace facet::server
