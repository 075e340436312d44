// Writes pages to a store on a thread of its own, so that nobody who computes waits for a disk.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "runtime/page_pool.h"
#include "runtime/page_store.h"

namespace facet::runtime {

class PageWriter {
 public:
  using OnWritten = std::function<void(const PageRecord& record, const PagePlace& place)>;
  using OnWarning = std::function<void(const std::string& message)>;

  // Both are called on its thread. on_written: of every page that was pushed; with no place when it could not be
  // written. on_warning: at most once; nothing is written after it. max_bytes: of pages that wait.
  PageWriter(PageStore& store, std::array<size_t, model::kKvGroups> page_bytes, int64_t max_bytes, OnWritten on_written,
             OnWarning on_warning);
  ~PageWriter();  // writes what waits
  PageWriter(const PageWriter&) = delete;
  PageWriter& operator=(const PageWriter&) = delete;

  // False when the page is not going to be written: too many wait, or writing has failed.
  bool push(PageRecord record, PagePool::Ref page);

  // Returns when nothing waits any more.
  void flush();

 private:
  struct Job {
    PageRecord record;
    PagePool::Ref page;
  };
  size_t bytes_of(const PageRecord& record) const { return page_bytes_[static_cast<size_t>(record.group)]; }
  void run();
  PagePlace write(const Job& job);

  PageStore& store_;
  const std::array<size_t, model::kKvGroups> page_bytes_;
  const int64_t max_bytes_;
  const OnWritten on_written_;
  const OnWarning on_warning_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;  // the first is being written
  int64_t bytes_ = 0;
  bool ends_ = false, has_failed_ = false;
  std::thread thread_;
};

}  // namespace facet::runtime
