// What a line that begins with a slash asks the chat to do.
#pragma once

#include <string>
#include <string_view>

namespace facet::apps::chat {

struct Command {
  enum class Kind {
    None,
    Help,
    System,
    Save,
    Load,
    Regen,
    Undo,
    Stats,
    Think,
    Clear,
    Quit,
    Image,
    Audio,
    Video,
    Budget,
    Tools,
    Schema,
    Unknown
  };
  Kind kind = Kind::None;  // None: not a command but a message
  std::string name;        // as typed, without the slash
  std::string argument;    // the rest of the line, trimmed
};

Command parse_command(std::string_view line);

// A line a command.
std::string_view help_text() noexcept;

// For an unknown command: what is wrong and the nearest one.
std::string explain_unknown(const Command& command);

}  // namespace facet::apps::chat
