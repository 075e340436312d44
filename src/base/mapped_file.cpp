#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/mapped_pages.h"

namespace facet {

MappedFile::MappedFile(const std::string& path) : path_(path) {
  // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) throw_error<ResourceError>("{}: cannot open: {}", path, std::strerror(errno));
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    throw_error<ResourceError>("{}: not a regular file", path);
  }
  size_ = static_cast<size_t>(info.st_size);
  if (size_ > 0) {
    void* p = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd, 0);
    const int mmap_errno = errno;
    if (p == MAP_FAILED) {
      ::close(fd);
      throw_error<ResourceError>("{}: cannot map {} bytes: {}", path, size_, std::strerror(mmap_errno));
    }
    data_ = static_cast<const std::byte*>(p);
    watch_ = watch_pages(data_, size_);
  }
  fd_ = fd;  // stays open to ask for changes of this file, whatever its name refers to by then
  stamp_ = stamp();
}

MappedFile::MappedFile(MappedFile&& other) noexcept { *this = std::move(other); }

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(fd_, other.fd_);
  std::swap(watch_, other.watch_);
  std::swap(stamp_, other.stamp_);
  return *this;
}

MappedFile::~MappedFile() {
  unwatch_pages(watch_);
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
  if (fd_ >= 0) ::close(fd_);
}

MappedFile::Stamp MappedFile::stamp() const noexcept {
  struct stat info {};
  if (fd_ < 0 || ::fstat(fd_, &info) != 0) return {};
  return {info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

void MappedFile::check_unchanged() const {
  const Stamp now = stamp();
  if (now.size < stamp_.size)
    throw_error<ResourceError>(
        "{}: the file was cut short while it was in use, from {} bytes to {}: restore it and start again", path_,
        stamp_.size, now.size);
  if (now != stamp_) throw_error<ResourceError>("{}: the file was written to while it was in use: start again", path_);
  if (has_lost_pages(watch_))
    throw_error<ResourceError>("{}: a part of the file cannot be read from its disk: check the disk, or copy the file",
                               path_);
}

}  // namespace facet
