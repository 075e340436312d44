// The events of Anthropic's streams: message_start, blocks one behind the other, message_delta, message_stop.
#pragma once

#include "server/dialects/anthropic/reply_parts.h"

namespace facet::server {

class AnthropicStream final : public ReplyWriter {
 public:
  explicit AnthropicStream(std::string model) : model_(std::move(model)) {}

  bool is_stream() const override { return true; }
  std::string_view content_type() const override { return "text/event-stream"; }
  std::string write(const Event& event) override;
  std::string heartbeat() const override;

 private:
  enum class Block : uint8_t { None, Text, Thought, Call };

  std::string start(const event::Started& started);
  std::string text(Block kind, const std::string& text);
  std::string begin_call(const event::CallBegin& call);
  std::string call_piece(const std::string& json);
  std::string end_call(const event::CallEnd& call);
  std::string end(const Usage& usage);

  std::string open(Block kind, Json content);
  std::string delta(Json delta);
  std::string close();

  const std::string model_;
  bool has_started_ = false;
  Block block_ = Block::None;
  int n_blocks_ = 0;
  bool has_arguments_ = false;  // of the call under way, some have been sent
  AnthropicEnd end_;
};

}  // namespace facet::server
