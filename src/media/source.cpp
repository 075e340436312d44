#include "media/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "media/data_uri.h"

namespace facet::media {
namespace {

constexpr std::string_view kDataScheme = "data:";

void check_memory(size_t n_bytes, const std::string& name, const SourceLimits& limits) {
  if (n_bytes > static_cast<size_t>(limits.max_memory_bytes))
    throw_error<RequestError>("{}: more than {} bytes: put it into a file", name, limits.max_memory_bytes);
}

// To its end, as a pipe has no size.
std::vector<std::byte> read_pipe(const std::string& path, const SourceLimits& limits) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw_error<RequestError>("{}: cannot open: {}", path, std::strerror(errno));
  constexpr size_t kStep = 1 << 16;
  std::vector<std::byte> bytes;
  size_t n = 0;
  ssize_t n_read = 0;
  do {
    bytes.resize(n + kStep);
    n_read = ::read(fd, bytes.data() + n, kStep);
    if (n_read > 0) n += static_cast<size_t>(n_read);
  } while ((n_read > 0 || (n_read < 0 && errno == EINTR)) && n <= static_cast<size_t>(limits.max_memory_bytes));
  const int read_errno = errno;
  ::close(fd);
  if (n_read < 0) throw_error<RequestError>("{}: cannot read: {}", path, std::strerror(read_errno));
  check_memory(n, path, limits);
  bytes.resize(n);
  return bytes;
}

void check_not_empty(const Source& source) {
  if (source.bytes().empty())
    throw_error<FormatError>("{}: empty, expected a picture, a sound or a video", source.name());
}

}  // namespace

Source::Source(std::string name, std::variant<Held, MappedFile> content)
    : name_(std::move(name)), content_(std::move(content)) {
  check_not_empty(*this);
}

Source Source::open(const std::string& path_or_uri, const SourceLimits& limits) {
  return path_or_uri.starts_with(kDataScheme) ? from_data_uri(path_or_uri, limits) : from_path(path_or_uri, limits);
}

Source Source::from_path(const std::string& path, const SourceLimits& limits) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) throw_error<RequestError>("{}: cannot open: {}", path, std::strerror(errno));
  if (S_ISDIR(info.st_mode)) throw_error<RequestError>("{}: a folder, expected a file", path);
  if (!S_ISREG(info.st_mode)) return {path, read_pipe(path, limits)};
  if (info.st_size > limits.max_file_bytes)
    throw_error<RequestError>("{}: {} bytes, at most {} are read", path, info.st_size, limits.max_file_bytes);
  if (::access(path.c_str(), R_OK) != 0) throw_error<RequestError>("{}: cannot open: {}", path, std::strerror(errno));
  return {path, MappedFile(path)};
}

Source Source::from_data_uri(std::string_view uri, const SourceLimits& limits) {
  const std::string name = "data: URI";
  const size_t comma = uri.find(',');
  if (!uri.starts_with(kDataScheme) || comma == std::string_view::npos)
    throw_error<FormatError>("{}: expected data:TYPE;base64,CONTENT, found '{}'", name, uri.substr(0, 40));
  check_memory(uri.size() / 4 * 3, name, limits);
  const std::string_view type = uri.substr(0, comma);
  const std::string content = decode_percent(uri.substr(comma + 1), name);
  if (type.ends_with(";base64")) return from_base64(content, name, limits);
  const auto bytes = std::as_bytes(std::span(content));
  return from_bytes({bytes.begin(), bytes.end()}, name);
}

Source Source::from_base64(std::string_view text, std::string name, const SourceLimits& limits) {
  check_memory(text.size() / 4 * 3, name, limits);
  std::vector<std::byte> bytes = decode_base64(text, name);
  return from_bytes(std::move(bytes), std::move(name));
}

Source Source::from_bytes(std::vector<std::byte> bytes, std::string name) {
  return {std::move(name), std::move(bytes)};
}

std::span<const std::byte> Source::bytes() const noexcept {
  if (const auto* file = std::get_if<MappedFile>(&content_)) return file->bytes();
  return *std::get_if<Held>(&content_);
}

void Source::check_unchanged() const {
  if (const auto* file = std::get_if<MappedFile>(&content_)) file->check_unchanged();
}

}  // namespace facet::media
