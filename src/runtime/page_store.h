// Pages on disk: segments that are only ever added to, one pair of files each. NAME.pages has the bytes of pages one
// after another, NAME.index a slot for each (page_records.h), written after them; so whatever a crash leaves, what is
// found by reading the indices is whole, or fails its checksum. Every store writes segments of its own, and holds a
// lock on the one it writes, which nobody else removes: several processes may share a folder. Shared by threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "runtime/page_records.h"

namespace facet::runtime {

struct StoredPage {
  PageRecord record;
  PagePlace place;
};

class PageStore {
 public:
  // Makes the folder. Throws ResourceError when it cannot. disk_bytes: what the segments that it found and
  // those that it writes take at most.
  PageStore(std::string folder, const PageFormat& format, int64_t disk_bytes);
  ~PageStore();
  PageStore(const PageStore&) = delete;
  PageStore& operator=(const PageStore&) = delete;

  // What the folder had when it was opened, oldest segment first; once. Indices of no use are removed with their pages.
  std::vector<StoredPage> take_found() { return std::move(found_); }

  // False when the page is gone or is not what was written.
  bool read(const PagePlace& place, std::span<std::byte> page);

  // Adds a page, whose bytes record.group decides the number of, and makes room for it. Throws ResourceError: a full
  // disk, a folder that may not be written to.
  PagePlace append(PageRecord record, std::span<const std::byte> page);

  // The segments that have made room since the last call: places in them are nowhere now.
  std::vector<uint32_t> take_removed();

  // A segment in use is not the next to be removed.
  void touch(const PagePlace& place);

  const std::string& folder() const noexcept { return folder_; }
  int64_t bytes() const;

 private:
  class Descriptor;
  struct Segment;
  void open_found();
  void open_segment(const std::string& stem);
  std::shared_ptr<Segment> find(uint32_t segment) const;
  Segment& writable(size_t n_bytes);
  void make_room(int64_t n_bytes);

  const std::string folder_;
  const PageFormat format_;
  const int64_t disk_bytes_;
  mutable std::mutex mutex_;
  std::map<uint32_t, std::shared_ptr<Segment>> segments_;
  std::vector<StoredPage> found_;
  std::vector<uint32_t> removed_;
  uint32_t next_ = 1, writing_ = 0;  // segment numbers, of this process
  int64_t bytes_ = 0;
  int64_t clock_ = 0;
};

}  // namespace facet::runtime
