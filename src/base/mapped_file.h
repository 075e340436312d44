// A file mapped read-only. Views into it stay valid as long as the object lives; nothing is copied.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace facet {

class MappedFile {
 public:
  // Throws ResourceError when the file cannot be opened or mapped (directory, missing, no permission). An empty file
  // gives an empty view.
  explicit MappedFile(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  const std::string& path() const noexcept { return path_; }
  std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }

 private:
  std::string path_;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace facet
