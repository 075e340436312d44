// A file mapped read-only. Views into it stay valid as long as the object lives; nothing is copied.
#pragma once

#include <cstddef>
#include <cstdint>
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

  // Throws ResourceError when the file is not what it was when it was mapped: written to, cut short, or with parts that
  // its disk does not give any more. What was computed from it since then is worth nothing. Costs a microsecond.
  void check_unchanged() const;

 private:
  struct Stamp {  // of the file's last change
    int64_t size = 0, seconds = 0, nanoseconds = 0;
    bool operator==(const Stamp&) const = default;
  };
  Stamp stamp() const noexcept;

  std::string path_;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
  int fd_ = -1, watch_ = -1;
  Stamp stamp_;
};

}  // namespace facet
