#include "media/byte_stream.h"

#include <unistd.h>

#include <cerrno>

namespace facet::media {

ByteStream read_descriptor(int fd) {
  return [fd](std::span<std::byte> out) {
    ssize_t n = 0;
    do {
      n = ::read(fd, out.data(), out.size());
    } while (n < 0 && errno == EINTR);
    return n > 0 ? static_cast<size_t>(n) : 0;
  };
}

}  // namespace facet::media
