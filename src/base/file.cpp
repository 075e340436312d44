#include "base/file.h"

#include <array>
#include <cerrno>
#include <cstring>
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

}  // namespace facet
