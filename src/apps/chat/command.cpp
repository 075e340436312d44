#include "apps/chat/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "apps/suggest.h"

namespace facet::apps::chat {
namespace {

using Kind = Command::Kind;

struct Entry {
  std::string_view name;
  Kind kind;
};
constexpr Entry kCommands[] = {{"help", Kind::Help},     {"system", Kind::System}, {"save", Kind::Save},
                               {"load", Kind::Load},     {"regen", Kind::Regen},   {"undo", Kind::Undo},
                               {"stats", Kind::Stats},   {"think", Kind::Think},   {"clear", Kind::Clear},
                               {"quit", Kind::Quit},     {"exit", Kind::Quit},     {"bye", Kind::Quit},
                               {"image", Kind::Image},   {"audio", Kind::Audio},   {"video", Kind::Video},
                               {"budget", Kind::Budget}, {"tools", Kind::Tools},   {"schema", Kind::Schema}};

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

}  // namespace

Command parse_command(std::string_view line) {
  // "/usr/bin/env fails, why?" is a message: a command is one word of letters after the slash.
  if (!line.starts_with('/')) return {};
  const size_t end = std::min(line.find_first_of(" \t\r\n"), line.size());
  const std::string_view name = line.substr(1, end - 1);
  if (!std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || c == '?'; })) return {};
  Command command{Kind::Unknown, std::string(name), std::string(trim(line.substr(end)))};
  if (name.empty() || name == "?") command.kind = Kind::Help;
  for (const Entry& entry : kCommands)
    if (entry.name == name) command.kind = entry.kind;
  return command;
}

std::string_view help_text() noexcept {
  return R"(  /help            this list
  /system [TEXT]   show or set the system instructions; /system none removes them
  /image FILE      show a picture with the next message (so do /audio, /video)
  /budget [B]      soft tokens of the next pictures: low, medium, high, max, auto, or a number
  /tools [FILE]    declare functions that the model may call; /tools none removes them
  /schema [FILE]   hold answers to a JSON Schema (.json) or a grammar (.gbnf, .lark); /schema off: any text
  /think [on|off]  let the model reason before it answers; a number: for so many tokens at most
  /regen           answer the last message again
  /undo            take back the last message and its answer
  /clear           begin anew
  /save FILE       write the conversation, as JSON
  /load FILE       go on with a saved one
  /stats           timings of the last answer, and how full the context is
  /quit            leave (so does Ctrl-D)
A line that ends in \ goes on in the next one; """ opens and closes a text of several lines.
Ctrl-C stops an answer. A space before a slash makes it text.
)";
}

std::string explain_unknown(const Command& command) {
  std::vector<std::string> names;
  for (const Entry& entry : kCommands) names.emplace_back(entry.name);
  const std::string guess = nearest(command.name, names);
  return fmt::format("there is no /{}{}; see /help", command.name,
                     guess.empty() ? "" : fmt::format(": did you mean /{}?", guess));
}

}  // namespace facet::apps::chat
