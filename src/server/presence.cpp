#include "server/presence.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "server/ids.h"

namespace facet::server {
namespace {

// False when another holds it. Where there are no locks (some network file systems), nothing counts as held.
bool try_lock(int fd, int kind) { return ::flock(fd, kind | LOCK_NB) == 0 || errno != EWOULDBLOCK; }

}  // namespace

Presence::Presence(std::string folder) : folder_(std::move(folder)), id_(new_id("server_")) {
  if (folder_.empty()) return;
  std::error_code error;
  std::filesystem::create_directory(folder_, error);
  remove_gone();
  while (!enter()) id_ = new_id("server_");
}

Presence::~Presence() {
  if (fd_ < 0) return;
  ::unlink(path_of(id_).c_str());
  ::close(fd_);
}

// False when another took the new file for one that was left behind, and removed it before it was locked.
bool Presence::enter() {
  fd_ = ::open(path_of(id_).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd_ < 0) return true;
  ::flock(fd_, LOCK_EX);  // waits: others hold it for as long as they look
  struct stat info {};
  if (::fstat(fd_, &info) == 0 && info.st_nlink > 0) return true;
  ::close(fd_);
  return false;
}

bool Presence::is_here(const std::string& id) const {
  if (id == id_) return true;
  if (folder_.empty() || id.empty() || id.find('/') != std::string::npos) return false;
  const int fd = ::open(path_of(id).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool is_free = try_lock(fd, LOCK_SH);
  ::close(fd);
  return !is_free;
}

void Presence::remove_gone() const {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    const int fd = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    if (try_lock(fd, LOCK_EX)) ::unlink(entry.path().c_str());
    ::close(fd);
  }
}

}  // namespace facet::server
