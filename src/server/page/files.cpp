#include "server/page/files.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "http/sha256.h"
#include "server/page/embedded_files.h"

namespace facet::server {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kTypes = {{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".map", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".wasm", "application/wasm"},
    {".md", "text/plain; charset=utf-8"},
    {".txt", "text/plain; charset=utf-8"},
}};

bool is_plain_name(std::string_view name) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./";
  return !name.empty() && name.size() <= 200 && name.find_first_not_of(kLetters) == std::string_view::npos &&
         name.find("/.") == std::string_view::npos && name.front() != '.' && name.front() != '/';
}

bool is_worth_compressing(const ServedFile& file) {
  for (const std::string_view packed : {"image/png", "image/jpeg", "image/webp", "font/woff2"})
    if (file.type == packed) return false;
  return file.bytes.size() > 512;
}

std::string gzip(const std::string& bytes) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16, kMemory = 9;
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);  // there is room for all of it
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

ServedFile compressed(ServedFile file) {
  file.bytes = gzip(file.bytes);
  file.etag.insert(file.etag.size() - 1, "-gzip");
  file.is_compressed = true;
  return file;
}

}  // namespace

std::string_view type_of_file(std::string_view name) {
  for (const auto& [ending, type] : kTypes)
    if (name.ends_with(ending)) return type;
  return name.find('.') == std::string_view::npos ? "text/plain; charset=utf-8" : "application/octet-stream";
}

std::optional<std::string> PageFiles::read(const std::string& name) const {
  if (!is_plain_name(name)) return {};
  if (folder_.empty()) {
    for (const EmbeddedFile& file : embedded_page_files())
      if (file.name == name) return std::string(file.bytes);
    return {};
  }
  const std::string path = folder_ + "/" + name;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return {};
  return read_file(path);
}

std::optional<ServedFile> PageFiles::find(const std::string& name, bool takes_gzip) {
  const bool is_kept = takes_gzip && folder_.empty();
  const std::lock_guard lock(mutex_);
  if (const auto known = compressed_.find(name); is_kept && known != compressed_.end()) return known->second;
  auto bytes = read(name);
  if (!bytes) return {};
  ServedFile file{type_of_file(name), '"' + http::hex_digits(http::sha256(*bytes)).substr(0, 32) + '"',
                  std::move(*bytes)};
  if (!takes_gzip || !is_worth_compressing(file)) return file;
  file = compressed(std::move(file));
  if (is_kept) compressed_[name] = file;
  return file;
}

}  // namespace facet::server
