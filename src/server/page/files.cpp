#include "server/page/files.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <chrono>
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

bool is_worth_compressing(std::string_view type, std::string_view bytes) {
  for (const std::string_view packed : {"image/png", "image/jpeg", "image/webp", "font/woff2"})
    if (type == packed) return false;
  return bytes.size() > 512;
}

std::string gzip(std::string_view bytes) {
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

std::string etag_of_file(std::string_view bytes) {
  return '"' + http::hex_digits(http::sha256(bytes)).substr(0, 32) + '"';
}

CompressedFiles compress_embedded_files() {
  CompressedFiles files;
  for (const auto& [name, bytes] : embedded_page_files()) {
    const std::string_view type = type_of_file(name);
    if (!is_worth_compressing(type, bytes)) continue;
    std::string etag = etag_of_file(bytes);
    etag.insert(etag.size() - 1, "-gzip");
    files.emplace(name, ServedFile{type, std::move(etag), gzip(bytes), true});
  }
  return files;
}

std::optional<std::string> read_embedded(const std::string& name) {
  for (const EmbeddedFile& file : embedded_page_files())
    if (file.name == name) return std::string(file.bytes);
  return {};
}

std::optional<std::string> read_in(const std::string& folder, const std::string& name) {
  const std::string path = folder + "/" + name;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return {};
  return read_file(path);
}

}  // namespace

std::string_view type_of_file(std::string_view name) {
  for (const auto& [ending, type] : kTypes)
    if (name.ends_with(ending)) return type;
  return name.find('.') == std::string_view::npos ? "text/plain; charset=utf-8" : "application/octet-stream";
}

PageFiles::PageFiles(std::string folder) : folder_(std::move(folder)) {
  if (folder_.empty()) compressed_ = std::async(std::launch::async, compress_embedded_files);
}

const ServedFile* PageFiles::find_compressed(const std::string& name) const {
  if (!compressed_.valid() || compressed_.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
    return nullptr;
  const auto found = compressed_.get().find(name);
  return found == compressed_.get().end() ? nullptr : &found->second;
}

std::optional<ServedFile> PageFiles::find(const std::string& name, bool takes_gzip) const {
  if (!is_plain_name(name)) return {};
  if (const ServedFile* file = takes_gzip ? find_compressed(name) : nullptr) return *file;
  auto bytes = folder_.empty() ? read_embedded(name) : read_in(folder_, name);
  if (!bytes) return {};
  std::string etag = etag_of_file(*bytes);
  return ServedFile{type_of_file(name), std::move(etag), std::move(*bytes)};
}

}  // namespace facet::server
