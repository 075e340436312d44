// The exceptions facet throws. Libraries throw them and print nothing; the program and the server turn them into exit
// codes and replies, once each. A message is one line: where, what was found, what was expected, what to do.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace facet {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
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
