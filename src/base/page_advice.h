// What the kernel is told about pages of mapped files ahead of their use. All of it is advice: nothing changes but when
// the disk is read and when pages are mapped.
#pragma once

#include <atomic>
#include <cstddef>
#include <span>
#include <thread>
#include <vector>

namespace facet {

// Only what is touched should be read, not what lies around it: for tables of which single rows are used.
void expect_single_rows(std::span<const std::byte> table) noexcept;

// Starts reading what is not in the page cache, and does not wait for it.
void start_reading(std::span<const std::byte> bytes) noexcept;

// Keeps ranges of mapped files in memory until they are unmapped, reading what is not there yet. Throws ResourceError
// when the system does not allow it.
void lock_in_memory(const std::vector<std::span<const std::byte>>& ranges);

// Brings ranges of mapped files into memory in the order given, on a thread of its own, so that who uses them in that
// order waits neither for the disk nor for page faults. Must end before the maps do.
class ReadAhead {
 public:
  explicit ReadAhead(const std::vector<std::span<const std::byte>>& ranges);
  ~ReadAhead();  // stops reading
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  bool is_done() const noexcept { return done_; }
  // Of what was asked for, 0 to 1.
  double share_done() const noexcept;

 private:
  void run() noexcept;

  std::vector<std::span<const std::byte>> pieces_;
  std::atomic<size_t> n_read_{0};  // pieces
  std::atomic<bool> stop_{false}, done_{false};
  std::thread thread_;
};

}  // namespace facet
