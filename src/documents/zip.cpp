#include "documents/zip.h"

#include <zip.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "documents/document.h"

namespace facet::documents {
namespace {

struct FreeSource {
  void operator()(zip_source_t* source) const noexcept { zip_source_free(source); }
};
struct Discard {
  void operator()(zip_t* archive) const noexcept { zip_discard(archive); }
};
struct CloseFile {
  void operator()(zip_file_t* file) const noexcept { zip_fclose(file); }
};
using Source = std::unique_ptr<zip_source_t, FreeSource>;
using Archive = std::unique_ptr<zip_t, Discard>;

struct ZipError {
  zip_error_t error;
  ZipError() { zip_error_init(&error); }
  ~ZipError() { zip_error_fini(&error); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;
  const char* text() { return zip_error_strerror(&error); }
};

// `source` stays the caller's too: what is written comes back in it.
Archive open(const Source& source, const std::string& name, int flags) {
  if (!source) throw std::bad_alloc();
  ZipError error;
  zip_source_keep(source.get());
  Archive archive(zip_open_from_source(source.get(), flags, &error.error));
  if (!archive) {
    zip_source_free(source.get());
    throw_error<FormatError>("{}: no ZIP archive: {}", name, error.text());
  }
  return archive;
}

// A copy that the library owns: where an archive is written whose first part stays, it keeps that part's memory for the
// result and frees it, whosever it was (1.7.3).
Source source_of(const std::string& bytes) {
  if (bytes.empty()) return Source(zip_source_buffer_create(nullptr, 0, 0, nullptr));  // of nothing it owns nothing
  void* copy = std::malloc(bytes.size());
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, bytes.data(), bytes.size());
  Source source(zip_source_buffer_create(copy, bytes.size(), 1, nullptr));
  if (source) return source;
  std::free(copy);
  throw std::bad_alloc();
}

std::string read_entry(zip_t* archive, const zip_stat_t& entry, const std::string& name, size_t limit) {
  const size_t size = entry.size;
  if (size > limit) throw_error<FormatError>("{}: {} holds {} bytes, too many for a document", name, entry.name, size);
  if (entry.encryption_method != ZIP_EM_NONE)
    throw_error<FormatError>("{}: it is encrypted: save it without a password", name);
  const std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen_index(archive, entry.index, 0));
  if (!file) throw_error<FormatError>("{}: {}: {}", name, entry.name, zip_strerror(archive));
  std::string content(size, '\0');
  size_t n_read = 0;
  while (n_read < size) {
    const zip_int64_t n = zip_fread(file.get(), content.data() + n_read, size - n_read);
    if (n <= 0) throw_error<FormatError>("{}: {} is damaged: {}", name, entry.name, zip_file_strerror(file.get()));
    n_read += static_cast<size_t>(n);
  }
  char more = 0;  // also makes the library compare the checksum
  if (zip_fread(file.get(), &more, 1) != 0) throw_error<FormatError>("{}: {} is damaged", name, entry.name);
  return content;
}

std::string content_of(const Source& source) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  std::string bytes;
  bool is_read = zip_source_stat(source.get(), &stat) == 0 && zip_source_open(source.get()) == 0;
  if (is_read) {
    bytes.resize(stat.size);
    is_read = zip_source_read(source.get(), bytes.data(), bytes.size()) == static_cast<zip_int64_t>(bytes.size());
    zip_source_close(source.get());
  }
  if (!is_read) throw std::bad_alloc();
  return bytes;
}

}  // namespace

std::map<std::string, std::string> read_zip(const std::string& bytes, const std::string& name,
                                            bool (*wanted)(const std::string& entry), size_t max_bytes) {
  const Source source = source_of(bytes);
  const Archive archive = open(source, name, ZIP_RDONLY);
  std::map<std::string, std::string> contents;
  size_t left = max_bytes;
  const zip_int64_t n = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < n; ++i) {
    zip_stat_t entry;
    if (zip_stat_index(archive.get(), static_cast<zip_uint64_t>(i), 0, &entry) != 0 || entry.name == nullptr) continue;
    if (!wanted(entry.name)) continue;
    std::string content = read_entry(archive.get(), entry, name, left);
    left -= content.size();
    contents[entry.name] = std::move(content);
  }
  return contents;
}

std::string replace_in_zip(const std::string& bytes, const std::string& name,
                           const std::map<std::string, std::string>& contents) {
  const Source source = source_of(bytes);
  Archive archive = open(source, name, 0);
  for (const auto& [entry, content] : contents) {
    const zip_int64_t index = zip_name_locate(archive.get(), entry.c_str(), 0);
    zip_stat_t stat;
    const bool is_there = index >= 0 && zip_stat_index(archive.get(), static_cast<zip_uint64_t>(index), 0, &stat) == 0;
    zip_source_t* text = is_there ? zip_source_buffer(archive.get(), content.data(), content.size(), 0) : nullptr;
    if (text == nullptr || zip_file_replace(archive.get(), static_cast<zip_uint64_t>(index), text, 0) != 0) {
      zip_source_free(text);
      throw_error<FormatError>("{}: {}: {}", name, entry, zip_strerror(archive.get()));
    }
    zip_file_set_mtime(archive.get(), static_cast<zip_uint64_t>(index), stat.mtime, 0);
  }
  if (zip_close(archive.get()) != 0)
    throw_error<ResourceError>("{}: the archive cannot be written: {}", name, zip_strerror(archive.get()));
  (void)archive.release();
  return content_of(source);
}

}  // namespace facet::documents
