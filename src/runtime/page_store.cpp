#include "runtime/page_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/error.h"

namespace facet::runtime {
namespace {

namespace fs = std::filesystem;

// What is removed at a time, and what is lost with one damaged header.
constexpr int64_t kSegmentBytes = int64_t{128} << 20;

}  // namespace

// An open file.
class PageStore::Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  bool is_open() const noexcept { return fd_ >= 0; }
  int64_t size() const noexcept {
    struct stat info {};
    return ::fstat(fd_, &info) == 0 && S_ISREG(info.st_mode) ? info.st_size : -1;
  }
  bool read(uint64_t offset, std::span<std::byte> out) const noexcept {
    while (!out.empty()) {
      const ssize_t n = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      offset += static_cast<uint64_t>(n);
      out = out.subspan(static_cast<size_t>(n));
    }
    return true;
  }
  // errno says why not.
  bool write(uint64_t offset, std::span<const std::byte> bytes) const noexcept {
    while (!bytes.empty()) {
      const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      offset += static_cast<uint64_t>(n);
      bytes = bytes.subspan(static_cast<size_t>(n));
    }
    return true;
  }
  void touch() const noexcept { ::futimens(fd_, nullptr); }

  // Locks are of open files: other stores see them, in this process too, and they end with it however it ends. Where
  // there are none (some network file systems), nothing counts as locked.
  bool lock() const noexcept { return ::flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK; }
  void unlock() const noexcept { ::flock(fd_, LOCK_UN); }
  bool has_name() const noexcept {
    struct stat info {};
    return ::fstat(fd_, &info) == 0 && info.st_nlink > 0;
  }

 private:
  int fd_;
};

struct PageStore::Segment {
  std::string stem;  // its files' path, without .pages and .index
  Descriptor pages, index;
  uint64_t pages_end = 0, index_end = 0;
  int64_t used = 0;  // by the store's clock; before 0: not since it was opened

  int64_t bytes() const noexcept { return static_cast<int64_t>(pages_end + index_end); }

  // False: another store writes it.
  bool remove() const noexcept {
    if (index.is_open() && !index.lock()) return false;
    ::unlink((stem + ".index").c_str());
    ::unlink((stem + ".pages").c_str());
    return true;
  }
};

PageStore::PageStore(std::string folder, const PageFormat& format, int64_t disk_bytes)
    : folder_(std::move(folder)), format_(format), disk_bytes_(disk_bytes) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) throw_error<ResourceError>("{}: cannot be made: {}", folder_, error.message());
  open_found();
}

// The order of use outlives the process in the times of the files.
PageStore::~PageStore() {
  std::vector<const Segment*> used;
  for (const auto& [number, s] : segments_)
    if (s->used > 0) used.push_back(s.get());
  std::sort(used.begin(), used.end(), [](const Segment* a, const Segment* b) { return a->used < b->used; });
  for (const Segment* s : used) s->index.touch();
}

void PageStore::open_found() {
  std::vector<std::pair<fs::file_time_type, std::string>> stems;
  std::error_code error;
  for (fs::directory_iterator entry(folder_, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code gone;
    if (entry->path().extension() != ".index") continue;
    stems.emplace_back(entry->last_write_time(gone), (entry->path().parent_path() / entry->path().stem()).string());
  }
  std::sort(stems.begin(), stems.end());
  clock_ = -static_cast<int64_t>(stems.size());
  for (const auto& [time, stem] : stems) open_segment(stem);
  clock_ = 0;
}

void PageStore::open_segment(const std::string& stem) {
  auto s = std::make_shared<Segment>(
      Segment{stem, Descriptor(stem + ".pages", O_RDONLY), Descriptor(stem + ".index", O_RDWR)});
  const int64_t n_index = s->index.is_open() ? s->index.size() : -1,
                n_pages = s->pages.is_open() ? s->pages.size() : -1;
  std::vector<PageRecord> records;
  if (n_pages >= 0 && n_index >= 0 && n_index <= kSegmentBytes) {
    std::vector<std::byte> bytes(static_cast<size_t>(n_index));
    if (s->index.read(0, bytes)) records = parse_index(bytes, format_);
  }
  if (records.empty()) {  // damaged, or just begun by another store
    s->remove();
    return;
  }
  s->pages_end = static_cast<uint64_t>(n_pages);
  s->index_end = static_cast<uint64_t>(n_index);
  s->used = clock_++;
  bytes_ += s->bytes();
  for (PageRecord& record : records) {
    const PagePlace place{next_, record.offset, record.checksum};
    found_.push_back({std::move(record), place});
  }
  segments_.emplace(next_++, std::move(s));
}

std::shared_ptr<PageStore::Segment> PageStore::find(uint32_t segment) const {
  const std::lock_guard lock(mutex_);
  const auto at = segments_.find(segment);
  return at == segments_.end() ? nullptr : at->second;
}

bool PageStore::read(const PagePlace& place, std::span<std::byte> page) {
  const auto segment = find(place.segment);
  return segment != nullptr && segment->pages.read(place.offset, page) && page_checksum(page) == place.checksum;
}

PagePlace PageStore::append(PageRecord record, std::span<const std::byte> page) {
  const std::lock_guard lock(mutex_);
  make_room(static_cast<int64_t>(page.size() + kPageSlotBytes));
  Segment& s = writable(page.size());
  record.offset = s.pages_end;
  record.checksum = page_checksum(page);
  const auto slot = write_slot(record);
  if (!s.pages.write(s.pages_end, page) || !s.index.write(s.index_end, slot))
    throw_error<ResourceError>("{}: cannot be written: {}", s.stem, std::strerror(errno));
  s.pages_end += page.size();
  s.index_end += slot.size();
  bytes_ += static_cast<int64_t>(page.size() + slot.size());
  s.used = ++clock_;
  return {writing_, record.offset, record.checksum};
}

// The segment that is being written, or a new one where it is full.
PageStore::Segment& PageStore::writable(size_t n_bytes) {
  const int64_t most = std::min(kSegmentBytes, disk_bytes_ / 8);
  if (writing_ != 0) {
    Segment& s = *segments_.at(writing_);
    if (s.bytes() + static_cast<int64_t>(n_bytes) <= most) return s;
    s.index.unlock();
    writing_ = 0;
  }
  for (int attempt = 0;; ++attempt) {
    const std::string stem = fmt::format("{}/{}-{}-{}", folder_, ::getpid(), next_, attempt);
    auto s = std::make_shared<Segment>(Segment{stem, Descriptor(stem + ".pages", O_RDWR | O_CREAT | O_EXCL),
                                               Descriptor(stem + ".index", O_RDWR | O_CREAT | O_EXCL)});
    if (!s->pages.is_open() || !s->index.is_open()) {
      if (errno == EEXIST && attempt < 1000) continue;
      throw_error<ResourceError>("{}: cannot be made: {}", stem, std::strerror(errno));
    }
    // Between the two calls another store may take it for one that a crash has left.
    if ((!s->index.lock() || !s->index.has_name()) && attempt < 1000) continue;
    const auto header = write_header(format_);
    if (!s->index.write(0, header)) throw_error<ResourceError>("{}: cannot be written: {}", stem, std::strerror(errno));
    s->index_end = header.size();
    bytes_ += s->bytes();
    writing_ = next_;
    return *(segments_[next_++] = std::move(s));
  }
}

// Those used least recently go, except what another store writes. Readers of one that goes have it open, and read on.
void PageStore::make_room(int64_t n_bytes) {
  if (bytes_ + n_bytes <= disk_bytes_) return;
  std::vector<std::pair<int64_t, uint32_t>> oldest_first;
  for (const auto& [number, s] : segments_) oldest_first.emplace_back(s->used, number);
  std::sort(oldest_first.begin(), oldest_first.end());
  for (const auto& [used, number] : oldest_first) {
    const auto s = segments_.find(number);
    if (!s->second->remove()) continue;
    bytes_ -= s->second->bytes();
    if (number == writing_) writing_ = 0;
    segments_.erase(s);
    removed_.push_back(number);
    if (bytes_ + n_bytes <= disk_bytes_) return;
  }
  throw_error<ResourceError>("{}: a page of {} bytes finds no room in the {} that may be kept", folder_, n_bytes,
                             disk_bytes_);
}

std::vector<uint32_t> PageStore::take_removed() {
  const std::lock_guard lock(mutex_);
  return std::exchange(removed_, {});
}

void PageStore::touch(const PagePlace& place) {
  const std::lock_guard lock(mutex_);
  if (const auto s = segments_.find(place.segment); s != segments_.end()) s->second->used = ++clock_;
}

int64_t PageStore::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace facet::runtime
