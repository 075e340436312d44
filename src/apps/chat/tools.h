// Functions that a model may call in a chat: declared to it, and run as programs where their declaration names one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "text/chat.h"

namespace facet::apps::chat {

class Tools {
 public:
  Tools() = default;
  // A file as --tools takes it, in which a tool may have a "command" beside its "function": a program and its
  // arguments. Throws RequestError naming the file and the place.
  static Tools from_file(const std::string& path);

  const text::ChatJson& declarations() const noexcept { return declarations_; }  // null: none
  // Empty: the function cannot be run here.
  const std::vector<std::string>& command_of(const std::string& name) const;

 private:
  text::ChatJson declarations_ = nullptr;
  std::map<std::string, std::vector<std::string>> commands_;
};

// Runs the program with the call's arguments, as JSON, on its standard input. What it prints is what the model is told;
// or what went wrong.
std::string run_command(const std::vector<std::string>& command, const text::ChatJson& arguments);

}  // namespace facet::apps::chat
