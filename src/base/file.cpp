#include "base/file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace facet {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const bool is_open = in.is_open();
  std::string text;
  std::array<char, 1 << 16> buffer;
  while (in.read(buffer.data(), buffer.size()) || in.gcount() > 0) {
    text.append(buffer.data(), static_cast<size_t>(in.gcount()));
    if (text.size() > kMaxFileBytes)
      throw_error<RequestError>("{}: more than {} MiB, too much to be read at once", path, kMaxFileBytes >> 20);
  }
  if (!is_open || in.bad()) throw_error<RequestError>("{}: cannot be read: {}", path, std::strerror(errno));
  return text;
}

void replace_file(const std::string& path, const std::string& text) {
  namespace fs = std::filesystem;
  const std::string temporary = path + ".new";
  std::error_code error;
  if (const fs::path folder = fs::path(path).parent_path(); !folder.empty()) fs::create_directories(folder, error);
  if (!error) {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) error = std::error_code(errno, std::generic_category());
  }
  if (!error) fs::rename(temporary, path, error);
  if (!error) return;
  std::error_code ignored;
  fs::remove(temporary, ignored);
  throw_error<ResourceError>("{}: cannot be written: {}", path, error.message());
}

}  // namespace facet
