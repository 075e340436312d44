// The exceptions facet throws. Libraries throw them and print nothing; the program and the server turn them into exit
// codes and replies, once each. A message is one line: where, what was found, what was expected, what to do.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace facet {

// Text from outside, fit for one line of a terminal or a log: control characters are written as \n, \t or \xNN, and
// what is longer than max_bytes is cut and ends in "...". Other text stays as it is.
std::string printable(std::string_view text, size_t max_bytes = 1000);

// Names and values from files stand in messages, so every message is made printable here.
class Error : public std::runtime_error {
 public:
  explicit Error(std::string_view message) : std::runtime_error(printable(message)) {}
};

// A file, or bytes from outside, that are not what they claim to be, or that we do not support.
class FormatError : public Error {
 public:
  using Error::Error;
};

// A request that cannot be carried out as asked: a bad option, a prompt longer than the context.
class RequestError : public Error {
 public:
  using Error::Error;
};

// The machine lacks something: memory, disk, a readable file.
class ResourceError : public Error {
 public:
  using Error::Error;
};

// Of these, what there may be enough of at another time: memory, room on a disk, a turn.
class ShortageError : public ResourceError {
 public:
  using ResourceError::ResourceError;
};

// The caller asked to stop.
class CancelledError : public Error {
 public:
  CancelledError() : Error("cancelled") {}
};

// throw_error<FormatError>("{}: {} tensors, expected {}", path, n, m)
template <class E, class... Args>
[[noreturn]] void throw_error(fmt::format_string<Args...> format, Args&&... args) {
  throw E(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace facet
