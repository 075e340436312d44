#include "apps/chat/tools.h"

#include <fmt/format.h>

#include "apps/tools_input.h"
#include "base/error.h"
#include "base/subprocess.h"

namespace facet::apps::chat {
namespace {

using text::ChatJson;

std::vector<std::string> read_command(const ChatJson& command, const std::string& where) {
  std::vector<std::string> out;
  if (command.is_array())
    for (const ChatJson& word : command)
      if (word.is_string()) out.push_back(word.get<std::string>());
  if (out.empty() || out.size() != command.size())
    throw_error<RequestError>("{}: \"command\" must be a list of texts: a program and its arguments", where);
  return out;
}

std::string error_text(const std::string& what) { return text::chat_json_text({{"error", what}}); }

}  // namespace

Tools Tools::from_file(const std::string& path) {
  Tools tools;
  tools.declarations_ = read_tools(path);
  for (size_t i = 0; i < tools.declarations_.size(); ++i) {
    ChatJson& tool = tools.declarations_[i];
    if (!tool.contains("command")) continue;
    tools.commands_[tool["function"]["name"].get<std::string>()] =
        read_command(tool["command"], fmt::format("{}: tools[{}]", path, i));
    tool.erase("command");
  }
  return tools;
}

const std::vector<std::string>& Tools::command_of(const std::string& name) const {
  static const std::vector<std::string> kNone;
  const auto it = commands_.find(name);
  return it == commands_.end() ? kNone : it->second;
}

std::string run_command(const std::vector<std::string>& command, const ChatJson& arguments) {
  ProgramLimits limits;
  limits.max_out_bytes = 1 << 20;
  const auto result = run_program(command, limits, text::chat_json_text(arguments));
  if (!result) return error_text(command.front() + ": there is no such program");
  if (result->end == ProgramResult::End::OutOfTime) return error_text("it ran for more than a minute");
  if (result->end == ProgramResult::End::TooMuchOutput) return error_text("it printed more than a megabyte");
  if (!result->succeeded())
    return error_text(fmt::format("it failed with status {}: {}", result->status, result->err + result->out));
  return result->out;
}

}  // namespace facet::apps::chat
