// The bytes that an MCP server answers a POST with: one JSON message, a list of them, or a stream of events of which
// one is the answer. Nothing of it is trusted: sizes and nesting are bounded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/json_reading.h"

namespace facet::server {

class McpReplyReader {
 public:
  static constexpr size_t kMaxBytes = size_t{8} << 20;

  // id: of the request that is answered; other messages of the server are passed over.
  explicit McpReplyReader(int id) : id_(id) {}

  // Before the first bytes: a stream or JSON. FormatError for a type that is neither.
  void begin(std::string_view content_type);
  // False: the answer is there, and no more is wanted. FormatError for what is no JSON, or too large.
  bool push(std::string_view bytes);
  // When all has come: the message with the answer, an object that has "result" or "error". FormatError where none
  // came.
  Json take();

 private:
  void end_line();
  void read(std::string_view text);
  void look_at(Json&& message);

  int id_;
  bool is_stream_ = false, was_return_ = false;
  size_t n_bytes_ = 0;
  std::string line_;                 // of a stream; of JSON all
  std::optional<std::string> data_;  // of the event so far
  Json answer_;
};

}  // namespace facet::server
