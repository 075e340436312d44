#include "apps/chat/message_reader.h"

#include <string_view>

namespace facet::apps::chat {
namespace {

constexpr std::string_view kFence = "\"\"\"";

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

// Reads up to the closing fence; `text` is what followed the opening one on its line.
std::string read_block(std::string text, const ReadLine& read_line) {
  for (;;) {
    if (const size_t end = text.find(kFence); end != std::string::npos) return text.erase(end, kFence.size());
    const auto line = read_line(true);
    if (!line) return text;
    text = text.empty() ? *line : text + "\n" + *line;
  }
}

std::string read_continued(std::string text, const ReadLine& read_line) {
  while (text.ends_with('\\')) {
    text.back() = '\n';
    const auto line = read_line(true);
    if (!line) break;
    text += *line;
  }
  return text;
}

}  // namespace

std::optional<Message> read_message(const ReadLine& read_line) {
  while (auto line = read_line(false)) {
    const bool block = line->starts_with(kFence);
    std::string message =
        block ? read_block(line->substr(kFence.size()), read_line) : read_continued(std::move(*line), read_line);
    if (!is_blank(message)) return Message{std::move(message), block};
  }
  return {};
}

}  // namespace facet::apps::chat
