// Lines from whoever talks: with editing and history on a terminal, as they come from a pipe.
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace facet::apps::chat {

class LineInput {
 public:
  // history_file: where lines typed on a terminal are remembered; it is made when the first one is.
  explicit LineInput(std::string history_file);
  ~LineInput();
  LineInput(const LineInput&) = delete;
  LineInput& operator=(const LineInput&) = delete;

  bool interactive() const noexcept { return interactive_; }

  // The next line without its line break; nothing at the end of input. `more` changes the prompt of a terminal.
  // CancelledError when Ctrl-C gave the line up, which takes an InterruptGuard of the caller.
  std::optional<std::string> read(bool more);

 private:
  class HeldInterrupt;
  class Editor;

  bool interactive_;
  std::unique_ptr<Editor> editor_;  // of a terminal
};

}  // namespace facet::apps::chat
