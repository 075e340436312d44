#include "server/mcp/reply_reader.h"

#include "base/ascii_case.h"
#include "base/error.h"

namespace facet::server {

void McpReplyReader::begin(std::string_view content_type) {
  std::string type = ascii_lower(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ')) type.pop_back();
  is_stream_ = type == "text/event-stream";
  if (!is_stream_ && type != "application/json")
    throw_error<FormatError>("the reply is of type '{}', expected application/json or text/event-stream", type);
}

bool McpReplyReader::push(std::string_view bytes) {
  n_bytes_ += bytes.size();
  if (n_bytes_ > kMaxBytes) throw_error<FormatError>("the reply has more than {} MiB", kMaxBytes >> 20);
  if (!is_stream_) {
    line_ += bytes;
    return true;
  }
  for (const char c : bytes) {
    if (c == '\r' || (c == '\n' && !was_return_)) {
      end_line();
      if (!answer_.is_null()) return false;
    } else if (c != '\n') {
      line_ += c;
    }
    was_return_ = c == '\r';
  }
  return true;
}

// An empty line ends an event; of its fields only the data matter here.
void McpReplyReader::end_line() {
  const std::string line = std::exchange(line_, {});
  if (line.empty()) {
    if (data_) read(*std::exchange(data_, {}));
    return;
  }
  std::string_view field = line;
  if (!field.starts_with("data")) return;
  field.remove_prefix(4);
  if (!field.empty() && field[0] != ':') return;
  if (!field.empty()) field.remove_prefix(1);
  if (field.starts_with(' ')) field.remove_prefix(1);
  if (data_)
    *data_ += '\n';
  else
    data_.emplace();
  *data_ += field;
}

void McpReplyReader::read(std::string_view text) {
  if (text.empty()) return;  // what keeps a connection alive
  Json messages;
  try {
    messages = text::parse_chat_json(text);
  } catch (const Error& e) {
    throw_error<FormatError>("the reply is no JSON: {}", e.what());
  }
  if (!messages.is_array()) return look_at(std::move(messages));
  for (Json& message : messages) look_at(std::move(message));
}

void McpReplyReader::look_at(Json&& message) {
  if (!message.is_object() || !answer_.is_null()) return;
  const auto id = message.find("id"), result = message.find("result"), error = message.find("error");
  // An error about a request that could not be read has no id.
  const bool is_ours = id != message.end() && (*id == id_ || (id->is_null() && error != message.end()));
  if (is_ours && (result != message.end() || error != message.end())) answer_ = std::move(message);
}

Json McpReplyReader::take() {
  if (!is_stream_) {
    read(line_);
  } else if (answer_.is_null()) {  // the last event may lack the empty line behind it
    end_line();
    if (data_) end_line();
  }
  if (answer_.is_null()) throw FormatError("the reply ended without an answer");
  return std::move(answer_);
}

}  // namespace facet::server
