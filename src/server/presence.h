// Which servers use a folder now: each holds a lock on a file of its own there, which the system takes back however the
// server ends.
#pragma once

#include <string>

namespace facet::server {

class Presence {
 public:
  // folder: made when it is not there (its parent is not); empty: this server is alone. Where no file can be made or
  // locked, the others do not know of this one.
  explicit Presence(std::string folder);
  ~Presence();
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;

  const std::string& id() const noexcept { return id_; }  // of this one
  bool is_here(const std::string& id) const;

 private:
  bool enter();
  void remove_gone() const;
  std::string path_of(const std::string& id) const { return folder_ + "/" + id; }

  const std::string folder_;
  std::string id_;
  int fd_ = -1;
};

}  // namespace facet::server
