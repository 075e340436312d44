// A picture, sound or video as it was handed in: bytes with a name for messages. Files are mapped, so that a long video
// takes no memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/mapped_file.h"

namespace facet::media {

struct SourceLimits {
  int64_t max_file_bytes = int64_t{1} << 36;    // of a file, which is mapped
  int64_t max_memory_bytes = int64_t{1} << 30;  // of what is held in memory: a data: URI, a pipe
};

class Source {
 public:
  // A data: URI, or else a path, as users write them. Text from strangers should name no files: from_data_uri is
  // theirs.
  static Source open(const std::string& path_or_uri, const SourceLimits& limits = {});
  // A file, or a pipe, which is read to its end. RequestError when it cannot be opened, as a folder, or is too large;
  // FormatError when it is empty.
  static Source from_path(const std::string& path, const SourceLimits& limits = {});
  // data:[TYPE][;base64],CONTENT. The type is not looked at: content decides. FormatError when it is damaged or empty.
  static Source from_data_uri(std::string_view uri, const SourceLimits& limits = {});
  static Source from_base64(std::string_view text, std::string name, const SourceLimits& limits = {});
  static Source from_bytes(std::vector<std::byte> bytes, std::string name);

  const std::string& name() const noexcept { return name_; }
  std::span<const std::byte> bytes() const noexcept;  // valid as long as this lives, and not moved from

  // Throws ResourceError when a file changed since it was opened; what was decoded from it is worth nothing then.
  void check_unchanged() const;

 private:
  using Held = std::vector<std::byte>;
  Source(std::string name, std::variant<Held, MappedFile> content);

  std::string name_;
  std::variant<Held, MappedFile> content_;
};

}  // namespace facet::media
