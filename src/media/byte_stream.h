// Bytes that come one after another, from a pipe or a socket.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

namespace facet::media {

// Fills a part of the span and returns how much: as soon as there is something, as live sound must not wait. 0: the
// end.
using ByteStream = std::function<size_t(std::span<std::byte>)>;

// Of a file descriptor, standard input for instance; whoever opened it closes it. Errors of reading end the stream.
ByteStream read_descriptor(int fd);

}  // namespace facet::media
