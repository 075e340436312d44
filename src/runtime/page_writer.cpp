#include "runtime/page_writer.h"

#include <exception>

namespace facet::runtime {

PageWriter::PageWriter(PageStore& store, std::array<size_t, model::kKvGroups> page_bytes, int64_t max_bytes,
                       OnWritten on_written, OnWarning on_warning)
    : store_(store),
      page_bytes_(page_bytes),
      max_bytes_(max_bytes),
      on_written_(std::move(on_written)),
      on_warning_(std::move(on_warning)),
      thread_([this] { run(); }) {}

PageWriter::~PageWriter() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool PageWriter::push(PageRecord record, PagePool::Ref page) {
  {
    const std::lock_guard lock(mutex_);
    const auto n = static_cast<int64_t>(bytes_of(record));
    if (has_failed_ || bytes_ + n > max_bytes_) return false;
    jobs_.push_back({std::move(record), std::move(page)});
    bytes_ += n;
  }
  changed_.notify_all();
  return true;
}

void PageWriter::flush() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return jobs_.empty(); });
}

void PageWriter::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ends_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    const Job& job = jobs_.front();  // others are only added behind it
    lock.unlock();
    const PagePlace place = has_failed_ ? PagePlace() : write(job);  // no other thread changes has_failed_
    on_written_(job.record, place);
    lock.lock();
    has_failed_ = !place;
    bytes_ -= static_cast<int64_t>(bytes_of(job.record));
    jobs_.pop_front();
    changed_.notify_all();
  }
}

PagePlace PageWriter::write(const Job& job) {
  try {
    return store_.append(job.record, {job.page.get(), bytes_of(job.record)});
  } catch (const std::exception& error) {
    if (on_warning_) on_warning_(std::string(error.what()) + ": nothing more is kept on disk");
    return {};
  }
}

}  // namespace facet::runtime
