// Gemma 4's control tokens, and what they are to the output parser (spec chat 1). Internal to text/.
#pragma once

#include <optional>
#include <string_view>

namespace facet::text {

enum class Control {
  Stop,          // <eos>, <turn|>, <|tool_response>
  Turn,          // <|turn>
  ThoughtBegin,  // <|channel>
  ThoughtEnd,    // <channel|>
  CallBegin,     // <|tool_call>
  CallEnd,       // <tool_call|>
  Quote,         // <|"|>
  Other,         // means nothing in an answer
};

struct ControlName {
  std::string_view name;
  Control control;
};

inline constexpr ControlName kControlNames[] = {
    {"<pad>", Control::Other},
    {"<eos>", Control::Stop},
    {"<bos>", Control::Other},
    {"<unk>", Control::Other},
    {"<mask>", Control::Other},
    {"<|tool>", Control::Other},
    {"<tool|>", Control::Other},
    {"<|tool_call>", Control::CallBegin},
    {"<tool_call|>", Control::CallEnd},
    {"<|tool_response>", Control::Stop},
    {"<tool_response|>", Control::Other},
    {"<|\"|>", Control::Quote},
    {"<|think|>", Control::Other},
    {"<|channel>", Control::ThoughtBegin},
    {"<channel|>", Control::ThoughtEnd},
    {"<|turn>", Control::Turn},
    {"<turn|>", Control::Stop},
    {"<|image>", Control::Other},
    {"<image|>", Control::Other},
    {"<|image|>", Control::Other},
    {"<|audio>", Control::Other},
    {"<audio|>", Control::Other},
    {"<|audio|>", Control::Other},
    {"<|video|>", Control::Other},
};

}  // namespace facet::text
